// A transport as the kernel sees it, whole but for the framing: the service table, listeners, life
// cycle. Decides which loop accepts (loop 0) and that a handle of another loop or of the past
// touches nobody.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stream/acceptor.h"
#include "stream/listen_socket.h"
#include "stream/stream_loop.h"

namespace sara::stream {

class StreamTransport {
  public:
    // [control] prefix of the metrics' names: "tcp" gives tcp_bytes_in_total.
    StreamTransport(const sara_host* host, std::string meter_prefix);
    virtual ~StreamTransport();
    StreamTransport(const StreamTransport&) = delete;
    StreamTransport& operator=(const StreamTransport&) = delete;

    // [control] Finds the host's extensions and defines the meters; false with a sentence in error.
    [[nodiscard]] bool prepare(std::string& error);
    // [control] Before the loops start: what will be listened on. Number of the listener.
    uint32_t addListener(std::string word, TlsContext tls);
    StreamOptions& options() { return context_.options; }

    // [loop]
    void loopStart(uint32_t loop);
    void loopStop(uint32_t loop);

    // [control] In start(): binds; nothing is accepted before open().
    [[nodiscard]] bool bind(uint32_t listener, const ListenOptions& options, std::string& error);
    [[nodiscard]] bool open(std::string& error);
    // [control] In drain(): stops accepting.
    void drain();
    // [control] "tcp 127.0.0.1:4222, tls 127.0.0.1:4333"
    std::string status() const;

    // The table of sara.transport/1; its self is the StreamTransport*.
    static const sara_transport* table();
    const sara_host* host() const { return context_.host; }
    const StreamContext& context() const { return context_; }

  protected:
    // [loop] One per loop.
    virtual std::unique_ptr<Framing> makeFraming(uint32_t loop) = 0;

  private:
    static sara_status send(void* self, sara_id conn, const sara_str* pieces, uint32_t n,
                            uint64_t* end_offset) SARA_NOEXCEPT;
    static sara_status control(void* self, sara_id conn, uint32_t control) SARA_NOEXCEPT;
    static void close(void* self, sara_id conn, sara_str reason, uint32_t flush_ms) SARA_NOEXCEPT;
    static void pauseRead(void* self, sara_id conn, int32_t on) SARA_NOEXCEPT;
    static uint64_t queuedBytes(void* self, sara_id conn) SARA_NOEXCEPT;
    static uint64_t written(void* self, sara_id conn) SARA_NOEXCEPT;
    static void onOpen(void* self) noexcept;
    static void onDrain(void* self) noexcept;

    // The connection of this handle, open; *loop is its loop. nullptr for a stale one.
    Connection* find(sara_id conn, StreamLoop** loop) const noexcept {
        const uint32_t i = ConnectionTable::loopOf(conn);
        if (i >= context_.loops.size()) return nullptr;
        *loop = context_.loops[i];
        return *loop != nullptr ? (*loop)->find(conn) : nullptr;
    }
    void closeListeners() noexcept;

    const std::string prefix_;
    StreamContext context_;
    std::vector<std::unique_ptr<StreamLoop>> loops_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;  // loop 0's
};

}  // namespace sara::stream
