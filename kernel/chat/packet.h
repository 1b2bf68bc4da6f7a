// A packet on its way: its text as it will reach the receiver, and the words the router needs.
// Decides how they lie in one pooled buffer (facts, text, unescaped strings), so that a packet is
// one pointer that moves.
#pragma once
#include <cstdint>
#include <string_view>

#include "chat/envelope.h"
#include "loop/buffer_pool.h"

namespace sara::chat {

using SessionId = uint64_t;  // 0: none; loop, slot and generation (session_pool.h)

// What is known about a packet without reading its text again. Offsets count from the begin of the
// facts.
struct PacketFacts {
    uint32_t id_at, from_at, to_at, gid_at;
    uint16_t id_len, from_len, to_len, gid_len;
    uint16_t to_bare_len;    // user@domain
    uint16_t from_bare_len;  // of the sender's session
    uint32_t type;
    uint64_t ct_ms;    // stamp: milliseconds since 1970
    SessionId sender;  // who gets the ack; 0: nobody
    uint8_t ack;       // 1: the sender wants one
    uint8_t acked;     // the sender has got it
    uint16_t reserved;
    uint32_t throttled;  // the sender was asked to wait for this packet's store
    uint64_t tally;      // a copy of a fan-out: who counts it on this loop (portions.h); else 0
};

// Owns one packet. Moves between loops as a bare Buffer*.
class Packet {
  public:
    Packet() = default;
    explicit Packet(loop::Buffer* adopted) : buffer_(adopted) {}
    Packet(Packet&&) noexcept = default;
    Packet& operator=(Packet&&) noexcept = default;

    explicit operator bool() const { return static_cast<bool>(buffer_); }
    PacketFacts& facts() const { return *reinterpret_cast<PacketFacts*>(buffer_.get()->bytes()); }
    std::string_view text() const {
        return {reinterpret_cast<const char*>(buffer_->data), buffer_->len};
    }
    std::string_view id() const { return at(facts().id_at, facts().id_len); }
    std::string_view from() const { return at(facts().from_at, facts().from_len); }
    std::string_view fromBare() const { return from().substr(0, facts().from_bare_len); }
    std::string_view to() const { return at(facts().to_at, facts().to_len); }
    std::string_view toBare() const { return to().substr(0, facts().to_bare_len); }
    std::string_view gid() const { return at(facts().gid_at, facts().gid_len); }
    loop::Buffer* buffer() const { return buffer_.get(); }
    [[nodiscard]] loop::Buffer* release() { return buffer_.release(); }

  private:
    std::string_view at(uint32_t offset, uint16_t len) const {
        return {reinterpret_cast<const char*>(buffer_.get()->bytes()) + offset, len};
    }
    loop::BufferRef buffer_;
};

// What the server writes into an envelope; empty: leave it as it is.
struct EnvelopeEdits {
    std::string_view id;         // for a packet without one; needs no escapes
    std::string_view from;       // for a packet without one
    std::string_view from_json;  // the same as the inside of a JSON string
    std::string_view to;         // as it will be routed, when it differs from the envelope's
    std::string_view to_json;    // writes it into the envelope too: the inside of a JSON string
    std::string_view gid;        // for a group packet that has it in "to"
    std::string_view gid_json;   // the same as the inside of a JSON string
    std::string_view ct;         // 13 digits
    bool ask_for_ack = false;    // "ack":1 where the sender says nothing about it
};

// Builds the packet from a validated text whose envelope has at least one member: one copy, with
// the edits spliced into the envelope. Sets the strings, type, ack and to of the facts; the rest is
// zero. Empty when memory is refused.
[[nodiscard]] Packet buildPacket(std::string_view text, const Envelope& envelope,
                                 const EnvelopeEdits& edits);

}  // namespace sara::chat
