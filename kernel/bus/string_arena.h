// Copies of strings that live together and die together. Decides that addresses never move and that
// steady use allocates nothing: the first block stays. Refuses to throw: out of memory is nullptr.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sara/abi/base.h"

namespace sara::bus {

class StringArena {
  public:
    StringArena() = default;
    ~StringArena() {
        reset();
        std::free(top_);
    }
    StringArena(const StringArena&) = delete;
    StringArena& operator=(const StringArena&) = delete;

    // False: no memory, *s unchanged.
    [[nodiscard]] bool copy(sara_str from, sara_str* s) noexcept {
        if (from.len == 0) {
            *s = sara_str{nullptr, 0};
            return true;
        }
        char* to = take(from.len);
        if (to == nullptr) return false;
        std::memcpy(to, from.ptr, from.len);
        *s = sara_str{to, from.len};
        return true;
    }
    bool owns(const char* p) const noexcept {
        for (const Block* b = top_; b != nullptr; b = b->below) {
            if (p >= b->bytes() && p < b->bytes() + b->used) return true;
        }
        return false;
    }
    // Everything copied so far is gone.
    void reset() noexcept {
        while (top_ != nullptr && top_->below != nullptr) {
            Block* below = top_->below;
            std::free(top_);
            top_ = below;
        }
        if (top_ == nullptr) return;
        top_->used = 0;
        if (top_->size > kKeptBytes) {
            std::free(top_);
            top_ = nullptr;
        }
    }

  private:
    static constexpr uint64_t kBlockBytes = 1024;
    static constexpr uint64_t kKeptBytes = 4096;  // a larger first block goes back to the heap
    struct Block {
        Block* below;
        uint64_t size;
        uint64_t used;
        char* bytes() { return reinterpret_cast<char*>(this + 1); }
        const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
    };

    char* take(uint64_t n) noexcept {
        if (top_ == nullptr || top_->size - top_->used < n) {
            const uint64_t size = n > kBlockBytes ? n : kBlockBytes;
            auto* b = static_cast<Block*>(std::malloc(sizeof(Block) + size));
            if (b == nullptr) return nullptr;
            *b = Block{top_, size, 0};
            top_ = b;
        }
        char* p = top_->bytes() + top_->used;
        top_->used += n;
        return p;
    }

    Block* top_ = nullptr;
};

}  // namespace sara::bus
