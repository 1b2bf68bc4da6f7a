#include "stream/write_queue.h"

#include <algorithm>
#include <cstring>

namespace sara::stream {
namespace {

// A first block serves a turn's ordinary output in one piece; a queue that grows takes larger
// steps.
constexpr uint64_t kFirstBlockBytes = 2048;
constexpr uint64_t kSecondBlockBytes = 8192;
constexpr uint64_t kLaterBlockBytes = 60'000;

// Copies pieces into the tail's room and, once that is full, into the next block.
class Copier {
  public:
    explicit Copier(Block* at) : at_(at) {}
    void put(const char* p, uint64_t len) {
        while (len > 0) {
            if (at_->room() == 0) at_ = at_->next;
            const uint64_t n = std::min<uint64_t>(len, at_->room());
            std::memcpy(at_->bytes() + at_->end, p, n);
            at_->end += static_cast<uint32_t>(n);
            p += n;
            len -= n;
        }
    }

  private:
    Block* at_;
};

}  // namespace

bool WriteQueue::append(BlockPool& pool, std::string_view prefix, const sara_str* pieces,
                        uint32_t n, std::string_view suffix, Packing packing) noexcept {
    uint64_t total = prefix.size() + suffix.size();
    for (uint32_t i = 0; i < n; ++i) total += pieces[i].len;
    if (total == 0) return true;

    const bool join = packing == Packing::kJoin && tail_ != nullptr;
    const uint64_t room = join ? tail_->room() : 0;
    Block* start = tail_;
    if (room < total) {
        uint64_t want = total - room;
        if (packing == Packing::kJoin) {
            const uint64_t waiting = queued();
            want = std::max(want, waiting == 0                  ? kFirstBlockBytes
                                  : waiting < kSecondBlockBytes ? kSecondBlockBytes
                                                                : kLaterBlockBytes);
        }
        Block* b = pool.get(want);
        if (b == nullptr) return false;
        if (tail_ != nullptr) {
            tail_->next = b;
        } else {
            head_ = b;
        }
        tail_ = b;
        if (room == 0) start = b;
    }
    Copier out(start);
    out.put(prefix.data(), prefix.size());
    for (uint32_t i = 0; i < n; ++i) out.put(pieces[i].ptr, pieces[i].len);
    out.put(suffix.data(), suffix.size());
    end_offset_ += total;
    return true;
}

uint32_t WriteQueue::gather(iovec* iov, uint32_t max) const noexcept {
    uint32_t n = 0;
    for (Block* b = head_; b != nullptr && n < max; b = b->next, ++n) {
        iov[n] = {b->data(), b->size()};
    }
    return n;
}

std::string_view WriteQueue::front() const noexcept {
    if (head_ == nullptr) return {};
    return {reinterpret_cast<const char*>(head_->data()), head_->size()};
}

void WriteQueue::consume(BlockPool& pool, uint64_t n) noexcept {
    written_ += n;
    while (n > 0 && head_ != nullptr) {
        const uint64_t here = std::min<uint64_t>(n, head_->size());
        head_->begin += static_cast<uint32_t>(here);
        n -= here;
        if (head_->size() > 0) break;
        Block* next = head_->next;
        pool.put(head_);
        head_ = next;
    }
    if (head_ == nullptr) tail_ = nullptr;
}

void WriteQueue::clear(BlockPool& pool) noexcept {
    pool.putAll(head_);
    head_ = nullptr;
    tail_ = nullptr;
}

}  // namespace sara::stream
