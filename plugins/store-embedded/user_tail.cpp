#include "store-embedded/user_tail.h"

#include <algorithm>
#include <cassert>

namespace sara::store_embedded {
namespace {
constexpr size_t kSlackEntries = 64;  // entries of dropped packets that are not worth a compaction
}

void UserTail::reset(std::string_view user) {
    user_.assign(user);
    entries_.clear();
    if (entries_.capacity() > 1024) entries_.shrink_to_fit();
    head_ = accounted_ = 0;
    live_count_ = live_bytes_ = low_water_ = batch_ = 0;
    dropped_since_mark_ = 0;
    marked_ = false;
}

void UserTail::append(uint64_t seq, uint64_t bytes, uint64_t expires_ms) {
    assert(seq > lastSeq());
    const uint64_t expires_s = std::min<uint64_t>(expires_ms / 1000 + 1, UINT32_MAX);
    const uint64_t size = std::clamp<uint64_t>(bytes, 1, UINT32_MAX);
    entries_.push_back({seq, static_cast<uint32_t>(size), static_cast<uint32_t>(expires_s)});
    ++live_count_;
    live_bytes_ += size;
}

bool UserTail::drop(uint64_t seq) {
    const auto from = entries_.begin() + static_cast<std::ptrdiff_t>(head_);
    const auto it = std::lower_bound(from, entries_.end(), seq,
                                     [](const TailEntry& e, uint64_t s) { return e.seq < s; });
    if (it == entries_.end() || it->seq != seq || it->bytes == 0) return false;
    --live_count_;
    live_bytes_ -= it->bytes;
    it->bytes = 0;
    ++dropped_since_mark_;
    popGone();
    return true;
}

void UserTail::popGone() {
    while (head_ < entries_.size() && entries_[head_].bytes == 0) {
        low_water_ = entries_[head_].seq;
        ++head_;
    }
    if (head_ == entries_.size()) {
        entries_.clear();
        head_ = 0;
    } else if (entries_.size() > 2 * live_count_ + kSlackEntries) {
        std::erase_if(entries_, [](const TailEntry& e) { return e.bytes == 0; });
        head_ = 0;
    }
}

const TailEntry* UserTail::first() const {
    return head_ < entries_.size() ? &entries_[head_] : nullptr;
}

}  // namespace sara::store_embedded
