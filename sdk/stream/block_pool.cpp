#include "stream/block_pool.h"

#include <cstdlib>
#include <cstring>

namespace sara::stream {
namespace {

constexpr uint32_t kUnpooled = UINT32_MAX;
constexpr size_t kOverheadBytes = sizeof(Block) + kPaddingBytes;
// Whole allocations. The largest holds one full read of a loop (64 KiB).
constexpr size_t kClassBytes[BlockPool::kClasses] = {1024, 4096, 16384, 65536 + 1024};

}  // namespace

BlockPool::~BlockPool() {
    for (Block*& head : free_) {
        while (head != nullptr) {
            Block* next = head->next;
            std::free(head);
            head = next;
        }
    }
}

Block* BlockPool::get(uint64_t bytes_min) noexcept {
    uint32_t c = 0;
    while (c < kClasses && kClassBytes[c] - kOverheadBytes < bytes_min) ++c;
    Block* b = nullptr;
    size_t bytes = 0;
    if (c < kClasses && free_[c] != nullptr) {
        b = free_[c];
        free_[c] = b->next;
        cached_bytes_ -= kClassBytes[c];
        bytes = kClassBytes[c];
    } else {
        if (bytes_min > UINT32_MAX - kOverheadBytes) return nullptr;
        bytes = c < kClasses ? kClassBytes[c] : static_cast<size_t>(bytes_min) + kOverheadBytes;
        b = static_cast<Block*>(std::malloc(bytes));
        if (b == nullptr) return nullptr;
        ++heap_allocations_;
        b->capacity = static_cast<uint32_t>(bytes - kOverheadBytes);
        b->size_class = c < kClasses ? c : kUnpooled;
        // Readers look at the padding (never use it), so it must not be uninitialised memory.
        std::memset(b->bytes() + b->capacity, 0, kPaddingBytes);
    }
    b->next = nullptr;
    b->begin = 0;
    b->end = 0;
    return b;
}

void BlockPool::put(Block* b) noexcept {
    if (b == nullptr) return;
    const uint32_t c = b->size_class;
    if (c == kUnpooled || cached_bytes_ + kClassBytes[c] > kCachedBytesMax) {
        std::free(b);
        return;
    }
    b->next = free_[c];
    free_[c] = b;
    cached_bytes_ += kClassBytes[c];
}

void BlockPool::putAll(Block* b) noexcept {
    while (b != nullptr) {
        Block* next = b->next;
        put(b);
        b = next;
    }
}

}  // namespace sara::stream
