// A folder for the file of one test. Decides nothing; it is gone when the test is over.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sara::blacklist {

class ListFolder {
  public:
    ListFolder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "sara-blacklist-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~ListFolder() {
        std::error_code ignored;
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path() const { return path_.string(); }
    std::string file() const { return (path_ / "blacklist.log").string(); }
    std::string text() const {
        std::ostringstream out;
        out << std::ifstream(file(), std::ios::binary).rdbuf();
        return out.str();
    }
    void write(const std::string& text) const {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << text;
    }

  private:
    std::filesystem::path path_;
};

}  // namespace sara::blacklist
