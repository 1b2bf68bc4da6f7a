// Frames of the emsg wire over TCP and TLS: `body 01`. Decides what leaves: body and end byte
// together, never an empty frame, never a body of a multiple of 1024 bytes (a space is added: it
// kills clients of 2014).
#pragma once
#include <string>

#include "stream/framing.h"

namespace sara::tcp {

struct TcpFramingOptions {
    bool one_per_write = false;    // each frame may be written alone (pace_ms)
    bool ascii_json = false;       // client_json.h
    bool stringify_attrs = false;  // client_json.h
};

// [loop]
class TcpFraming final : public stream::Framing {
  public:
    explicit TcpFraming(const TcpFramingOptions& options) : options_(options) {}

    size_t input(stream::StreamLoop& loop, stream::Connection& c, uint8_t* data,
                 size_t len) noexcept override;
    bool packet(stream::StreamLoop& loop, stream::Connection& c, const sara_str* pieces,
                uint32_t n) noexcept override;
    bool control(stream::StreamLoop& loop, stream::Connection& c,
                 uint32_t control) noexcept override;

    // The framing alone, without a loop: tests and benchmarks.
    bool frame(stream::BlockPool& pool, stream::WriteQueue& out, const sara_str* pieces,
               uint32_t n) noexcept;

  private:
    bool rewritten(stream::BlockPool& pool, stream::WriteQueue& out, const sara_str* pieces,
                   uint32_t n) noexcept;
    bool plain(stream::BlockPool& pool, stream::WriteQueue& out, const sara_str* pieces,
               uint32_t n) noexcept;
    stream::Packing packing() const {
        return options_.one_per_write ? stream::Packing::kOwnBlock : stream::Packing::kJoin;
    }

    const TcpFramingOptions options_;
    std::string whole_;  // scratch of rewritten()
    std::string changed_;
};

}  // namespace sara::tcp
