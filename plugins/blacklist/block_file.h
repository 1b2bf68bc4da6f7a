// The file behind the lists: one line per change, each with its checksum. Decides when a change is
// durable, that a line which was cut off by a crash never counts, and that damage in the middle
// costs only the damaged lines, with the file kept aside. Knows no list and no loop.
#pragma once
#include <cstdint>
#include <functional>
#include <sara/result.hpp>
#include <string>
#include <string_view>

namespace sara::blacklist {

struct BlockChange {
    bool add;
    std::string_view owner, blocked;  // bare jids
};

class BlockFile {
  public:
    explicit BlockFile(std::string path) : path_(std::move(path)) {}
    ~BlockFile();
    BlockFile(const BlockFile&) = delete;
    BlockFile& operator=(const BlockFile&) = delete;

    struct Loaded {
        uint64_t changes = 0;
        uint64_t damaged = 0;  // lines left out; the file is kept as path.damaged
    };
    // Calls each(change) for every good line in order; no file is no change. Fails when the file
    // cannot be read.
    Result<Loaded> load(const std::function<void(const BlockChange&)>& each);
    // Durable when it is ok; otherwise the file is as it was. Makes file and folder.
    Result<void> append(const BlockChange& change);
    // Replaces the file by what all() writes into it, at once or not at all.
    Result<void> rewrite(
        const std::function<void(const std::function<void(const BlockChange&)>&)>& all);

    // Lines in the file.
    uint64_t lines() const { return lines_; }
    // The last append failed in a way that leaves the file in doubt: rewrite() before the next one.
    bool inDoubt() const { return in_doubt_; }

    // [any]
    static std::string lineOf(const BlockChange& change);
    static bool readLine(std::string_view line, BlockChange* change);

  private:
    Result<void> open();
    Result<void> fail(const char* what);
    void close();

    const std::string path_;
    int fd_ = -1;
    uint64_t bytes_ = 0;  // good ones
    uint64_t lines_ = 0;
    bool in_doubt_ = false;
};

}  // namespace sara::blacklist
