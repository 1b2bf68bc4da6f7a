// What waits to be written to one connection. Decides how packets are packed into blocks (small
// ones are copied behind each other, so a turn's output is one write) and counts bytes since the
// connection began. Knows no socket and no framing; the limit of queued bytes is the kernel's.
#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <string_view>

#include "sara/abi/base.h"
#include "stream/block_pool.h"

namespace sara::stream {

// How a packet is laid into the blocks.
enum class Packing : uint8_t {
    kJoin,     // behind what is queued: fewest writes
    kOwnBlock  // a block of its own, so that it can be written alone
};

// [loop] Holds no block while empty.
class WriteQueue {
  public:
    // Appends prefix, the n pieces and suffix: all of it or, when memory is exhausted, nothing
    // (false).
    [[nodiscard]] bool append(BlockPool& pool, std::string_view prefix, const sara_str* pieces,
                              uint32_t n, std::string_view suffix, Packing packing) noexcept;

    // Points iov at what is queued, oldest first; returns how many were filled.
    uint32_t gather(iovec* iov, uint32_t max) const noexcept;
    // The oldest contiguous piece.
    std::string_view front() const noexcept;
    // The first n queued bytes are with the operating system.
    void consume(BlockPool& pool, uint64_t n) noexcept;
    // Drops what is queued; the counts stay.
    void clear(BlockPool& pool) noexcept;

    bool empty() const { return head_ == nullptr; }
    uint64_t queued() const { return end_offset_ - written_; }
    uint64_t endOffset() const { return end_offset_; }
    uint64_t written() const { return written_; }
    bool single() const { return head_ != nullptr && head_->next == nullptr; }

  private:
    Block* head_ = nullptr;
    Block* tail_ = nullptr;
    uint64_t end_offset_ = 0;  // bytes ever queued
    uint64_t written_ = 0;     // bytes ever consumed
};

}  // namespace sara::stream
