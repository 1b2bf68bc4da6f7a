// A folder for one test, gone with it.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace sara::store_embedded {

class TempFolder {
  public:
    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sara-store-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    const std::string& path() const { return path_; }
    // Where the store of the test keeps its data.
    std::string datadir() const { return path_ + "/data"; }

  private:
    std::string path_;
};

}  // namespace sara::store_embedded
