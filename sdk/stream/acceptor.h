// Accepts on one loop and hands the sockets round-robin to all of them. Decides how many per turn
// and what happens when descriptors run out: it sheds the waiting client with a reserved descriptor
// and pauses, it never spins.
#pragma once
#include <memory>
#include <vector>

#include "stream/stream_context.h"

namespace sara::stream {

class StreamLoop;

// [loop] All of it, of the loop that accepts. The listening socket is closed by stop().
class Acceptor {
  public:
    Acceptor(const StreamContext& context, StreamLoop& here, uint32_t listener, int fd);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    // False when the loop refuses the watch.
    [[nodiscard]] bool start() noexcept;
    void stop() noexcept;

  private:
    // Sockets for one loop, posted together.
    struct Batch;

    static void onReadable(void* self, uint32_t events) noexcept;
    static void onResume(void* self) noexcept;
    static void onBatch(void* batch) noexcept;
    void acceptSome() noexcept;
    void place(const Accepted& a) noexcept;
    void handOver() noexcept;
    void backOff(int why) noexcept;

    const StreamContext& context_;
    StreamLoop& here_;
    const uint32_t listener_;
    int fd_;
    int reserve_fd_;
    uint32_t next_ = 0;
    sara_id watch_ = 0;
    sara_id timer_ = 0;
    uint64_t said_ms_ = 0;         // when the last warning went out
    std::vector<Batch*> batches_;  // by loop, filled in this turn
};

}  // namespace sara::stream
