// A folder of one test that is gone when the test is over. Refuses to remove what it did not make.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace sara::wire {

class TempFolder {
  public:
    TempFolder();  // throws std::runtime_error
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

// The whole file, or "" when there is none.
[[nodiscard]] std::string readFile(const std::string& path);
void writeFile(const std::string& path, std::string_view text);

}  // namespace sara::wire
