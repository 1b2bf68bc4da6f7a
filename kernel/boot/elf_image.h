// A shared object as bytes in memory: its sections and the functions that it exports, read without
// running or mapping any of its code. Decides what is a usable file (64-bit, this machine, shared
// object) and refuses every offset that leaves the file. Reads .dynsym: the symbols that the loader
// sees, also of a stripped file.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sara::boot {

class ElfImage {
  public:
    static constexpr uint32_t kSectionsMax = 65'535;

    // [any] bytes must outlive the image. Empty: *error says why ("is not an ELF file").
    static std::optional<ElfImage> read(std::span<const uint8_t> bytes, std::string* error);

    // [any] Content of the first section of this name; empty optional when there is none.
    std::optional<std::string_view> section(std::string_view name) const;
    // [any] Names of exported functions that begin with prefix, in the order of the file.
    std::vector<std::string> exportedFunctions(std::string_view prefix) const;

  private:
    struct Section {
        uint32_t name;
        uint32_t type;
        uint64_t offset;
        uint64_t size;
        uint32_t link;
        uint64_t entry_size;
    };
    bool readSections(std::string* error);
    std::string_view content(const Section& s) const;
    // A NUL-terminated string in a string table; empty when it leaves the table.
    static std::string_view nameAt(std::string_view table, uint64_t offset);

    std::span<const uint8_t> bytes_;
    std::vector<Section> sections_;
    std::string_view names_;
};

}  // namespace sara::boot
