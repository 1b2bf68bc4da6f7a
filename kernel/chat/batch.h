// Stored packets that were sent to a client and that he has not acknowledged. Decides which of them
// an ack releases: the login's id all of the login reply, another id the one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/ports.h"

namespace sara::chat {

class Batch {
  public:
    enum class Kind : uint8_t {
        kLoginReply,   // in the login reply; the login id acknowledges it
        kWantsAck,     // sent after the reply, acknowledged by its own id
        kUntilWritten  // sent after the reply, wants no ack: done when its bytes have left
    };

    void add(Kind kind, uint64_t seq, std::string_view id, uint64_t end_offset);
    bool empty() const { return live_ == 0; }
    // How many wait for an ack of their own.
    uint32_t wantingAck() const { return wanting_ack_; }
    bool waitsForWrite() const { return until_written_ > 0; }
    // Moves what the login id acknowledges into out; views live until the next call that is not
    // const.
    void takeLoginReply(std::vector<StoredRef>& out);
    // The packet with this id. False: none.
    bool takeId(std::string_view id, StoredRef& out);
    // Packets without ack whose bytes have left.
    void takeWritten(uint64_t written, std::vector<StoredRef>& out);
    // It was sent, wants no ack, and its bytes have not left.
    bool holdsUnwritten(uint64_t seq) const;

  private:
    struct Row {
        uint64_t seq;
        uint64_t end_offset;
        uint32_t id_at;
        uint16_t id_len;
        Kind kind;
        bool taken;
    };
    std::string_view idOf(const Row& r) const { return {ids_.data() + r.id_at, r.id_len}; }
    void take(Row& r, StoredRef& out);
    void compact();
    void buildIndex();
    Row* indexed(std::string_view id);

    std::vector<Row> rows_;
    std::string ids_;
    uint32_t live_ = 0;
    uint32_t wanting_ack_ = 0;
    uint32_t until_written_ = 0;
    size_t first_until_written_ = 0;  // no such row stands before it
    // Acks come mostly in order, so the search goes on where the last one ended. Only ids that are
    // not found nearby need the index.
    size_t cursor_ = 0;
    std::unordered_multimap<size_t, uint32_t> index_;  // hash of the id: row
};

}  // namespace sara::chat
