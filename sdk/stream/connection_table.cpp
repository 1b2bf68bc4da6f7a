#include "stream/connection_table.h"

#include <new>

namespace sara::stream {

Connection* ConnectionTable::take() noexcept {
    Connection* c = free_;
    uint32_t slot = 0;
    if (c != nullptr) {
        free_ = c->next_touched;
        c->next_touched = nullptr;
        slot = c->listener;  // kept there while free
        c->listener = 0;
    } else {
        if (slots_ == kSlotsMax) return nullptr;
        slot = slots_;
        if (slot / kChunk == chunks_.size()) {
            try {
                chunks_.push_back(std::make_unique<Connection[]>(kChunk));
            } catch (const std::bad_alloc&) {
                return nullptr;
            }
        }
        c = &chunks_[slot / kChunk][slot % kChunk];
        ++slots_;
    }
    if (++c->generation == 0) c->generation = 1;
    c->id = (uint64_t{c->generation} << 32) | (uint64_t{loop_ & 0xff} << 24) | slot;
    ++used_;
    return c;
}

void ConnectionTable::give(Connection* c) noexcept {
    const uint32_t generation = c->generation;
    const uint32_t slot = static_cast<uint32_t>(c->id) & (kSlotsMax - 1);
    *c = Connection();
    c->generation = generation;
    c->listener = slot;
    c->next_touched = free_;
    free_ = c;
    --used_;
}

}  // namespace sara::stream
