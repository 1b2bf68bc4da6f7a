// The unfinished frame of a connection: bytes that were read and wait for the rest. Decides how its
// block grows: doubling keeps the copying linear, and the limit keeps a liar from reserving more
// than it may send. Memory follows what has arrived, never what was announced.
#pragma once
#include <cstddef>
#include <cstdint>

#include "stream/block_pool.h"

namespace sara::stream {

// [loop] The block with room for `more` bytes behind what it holds, but never for more than limit;
// from is consumed. nullptr when memory is exhausted (from is freed then, too).
Block* growPartial(BlockPool& pool, Block* from, uint64_t more, uint64_t limit) noexcept;
// [loop] Appends to the unfinished frame; false when memory is exhausted (partial is freed and
// nullptr then).
[[nodiscard]] bool appendPartial(BlockPool& pool, Block*& partial, const uint8_t* data, size_t len,
                                 uint64_t limit) noexcept;

}  // namespace sara::stream
