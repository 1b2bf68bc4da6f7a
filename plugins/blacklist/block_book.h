// All lists of the node, and their file. Decides which change is allowed (limits) and that it is
// durable before anybody sees it. One change at a time; on workers, never on a loop.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "block_file.h"
#include "block_table.h"

namespace sara::blacklist {

struct BookLimits {
    size_t blocked_per_user_max = 1000;   // docs/limits.md: blocked_per_user_max
    size_t blocking_users_max = 100'000;  // docs/limits.md: blocking_users_max
};

class BlockBook {
  public:
    // The file is rewritten when it has so many lines more than twice the entries.
    static constexpr uint64_t kSpareLines = 10'000;

    BlockBook(std::string path, BookLimits limits) : file_(std::move(path)), limits_(limits) {}

    // [control] Before any change.
    Result<BlockFile::Loaded> load();
    // [control] After load().
    template <class F>
    void each(F f) const {
        for (const auto& [owner, list] : lists_) f(list);
    }
    // [worker] ok: durable, and publish(list) has been called with the new list unless nothing
    // changed. kFull: a limit, kIo: the disk. publish may wait, and says whether everybody was
    // told.
    Result<void> change(const BlockChange& change,
                        const std::function<bool(BlockListPtr)>& publish);

  private:
    Result<void> write(const BlockChange& change);
    Result<void> rewrite();

    std::mutex mutex_;  // guards everything; held while the disk works and loops are told
    BlockFile file_;
    const BookLimits limits_;
    std::map<std::string, BlockListPtr, std::less<>> lists_;
    uint64_t entries_ = 0;
};

}  // namespace sara::blacklist
