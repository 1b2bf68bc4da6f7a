#include "store-embedded/damage.h"

#include <leveldb/db.h>

#include <filesystem>
#include <string_view>
#include <system_error>

namespace fs = std::filesystem;

namespace sara::store_embedded {
namespace {

bool isTable(const fs::path& file) {
    return file.extension() == ".ldb" || file.extension() == ".sst";
}

// A name that is free: queue.damaged-1 and so on.
std::string freeName(const std::string& folder) {
    for (int n = 1; n <= kDamagedCopiesMax; ++n) {
        std::string name = folder + ".damaged-" + std::to_string(n);
        std::error_code error;
        if (!fs::exists(name, error) && !error) return name;
    }
    return {};
}

std::string putAside(const std::string& folder, const std::string& copy) {
    std::error_code error;
    fs::create_directory(copy, error);
    if (error) return copy + ": " + error.message();
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        std::error_code file_error;
        if (!entry.is_regular_file(file_error)) continue;
        const fs::path to = fs::path(copy) / entry.path().filename();
        fs::create_hard_link(entry.path(), to, file_error);
        // Another file system under one of them, or none that knows links.
        if (file_error) {
            file_error.clear();
            fs::copy_file(entry.path(), to, file_error);
        }
        if (file_error) return to.string() + ": " + file_error.message();
    }
    return error ? folder + ": " + error.message() : std::string();
}

}  // namespace

bool lostItsHead(const std::string& folder) {
    std::error_code error;
    if (!fs::is_directory(folder, error) || fs::exists(folder + "/CURRENT", error)) return false;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename();
        if (isTable(entry.path()) || name.starts_with("MANIFEST-")) return true;
        if (entry.path().extension() == ".log") return true;
    }
    return false;
}

std::string repairDatabase(const std::string& folder, const leveldb::Options& options,
                           std::string* copy) {
    *copy = freeName(folder);
    if (copy->empty()) {
        return "database " + folder + " is damaged again and " + std::to_string(kDamagedCopiesMax) +
               " copies of earlier damage lie beside it (" + folder +
               ".damaged-*): look at the disk, then move the copies away";
    }
    if (std::string error = putAside(folder, *copy); !error.empty()) {
        return "database " + folder +
               " is damaged and could not be put aside for a repair: " + error;
    }
    const leveldb::Status status = leveldb::RepairDB(folder, options);
    if (status.ok()) return {};
    return "database " + folder + " is damaged and could not be repaired: " + status.ToString() +
           "; its files are in " + *copy;
}

}  // namespace sara::store_embedded
