// Packets without ack that may still sit in a write queue. Decides that they are kept until their
// bytes have left, so that a client who is cut loses none.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "chat/packet.h"

namespace sara::chat {

struct Unwritten {
    uint64_t end_offset;  // in the connection's count of queued bytes
    uint64_t order;
    Packet packet;
};

// First in, first out, in one vector that keeps its memory.
class UnwrittenQueue {
  public:
    bool empty() const { return head_ == rows_.size(); }
    Unwritten& front() { return rows_[head_]; }
    Unwritten& back() { return rows_.back(); }
    void push(Unwritten u) {
        // Moves the rest to the front only when at least half is free, so that a push stays cheap.
        if (rows_.size() == rows_.capacity() && head_ * 2 >= rows_.size()) {
            rows_.erase(rows_.begin(), rows_.begin() + static_cast<ptrdiff_t>(head_));
            head_ = 0;
        }
        rows_.push_back(std::move(u));
    }
    Packet pop() {
        Packet packet = std::move(rows_[head_++].packet);
        if (empty()) {
            rows_.clear();
            head_ = 0;
        }
        return packet;
    }

  private:
    std::vector<Unwritten> rows_;
    size_t head_ = 0;
};

}  // namespace sara::chat
