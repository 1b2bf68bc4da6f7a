#include "stream/partial.h"

#include <algorithm>
#include <cstring>

namespace sara::stream {

Block* growPartial(BlockPool& pool, Block* from, uint64_t more, uint64_t limit) noexcept {
    const uint64_t have = from != nullptr ? from->size() : 0;
    const uint64_t want = std::max(have + more, std::min(have * 2, limit));
    Block* b = pool.get(want);
    if (b != nullptr && have > 0) {
        std::memcpy(b->bytes(), from->data(), have);
        b->end = static_cast<uint32_t>(have);
    }
    pool.put(from);
    return b;
}

bool appendPartial(BlockPool& pool, Block*& partial, const uint8_t* data, size_t len,
                   uint64_t limit) noexcept {
    if (len == 0) return true;
    if (partial == nullptr || partial->room() < len) {
        partial = growPartial(pool, partial, len, limit);
        if (partial == nullptr) return false;
    }
    std::memcpy(partial->bytes() + partial->end, data, len);
    partial->end += static_cast<uint32_t>(len);
    return true;
}

}  // namespace sara::stream
