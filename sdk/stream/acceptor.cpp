#include "stream/acceptor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "stream/stream_loop.h"

namespace sara::stream {
namespace {

constexpr uint64_t kWarnEveryMs = 10'000;
constexpr int kShedMax = 16;  // clients told "no" at once when descriptors run out

int openReserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

struct Acceptor::Batch {
    static constexpr uint32_t kMax = 64;
    StreamLoop* to;
    uint32_t n;
    Accepted items[kMax];
};

Acceptor::Acceptor(const StreamContext& context, StreamLoop& here, uint32_t listener, int fd)
    : context_(context),
      here_(here),
      listener_(listener),
      fd_(fd),
      reserve_fd_(openReserve()),
      batches_(context.loops.size(), nullptr) {}

Acceptor::~Acceptor() { stop(); }

bool Acceptor::start() noexcept {
    watch_ = context_.loop->watch(context_.host, fd_, SARA_IO_READ, onReadable, this);
    return watch_ != 0;
}

void Acceptor::stop() noexcept {
    if (watch_ != 0) context_.loop->unwatch(context_.host, watch_);
    if (timer_ != 0) context_.loop->timer_cancel(context_.host, timer_);
    watch_ = 0;
    timer_ = 0;
    if (fd_ >= 0) ::close(fd_);
    if (reserve_fd_ >= 0) ::close(reserve_fd_);
    fd_ = -1;
    reserve_fd_ = -1;
}

void Acceptor::onReadable(void* self, uint32_t) noexcept {
    static_cast<Acceptor*>(self)->acceptSome();
}

void Acceptor::onResume(void* self_ptr) noexcept {
    Acceptor& self = *static_cast<Acceptor*>(self_ptr);
    self.timer_ = 0;
    (void)self.context_.loop->rewatch(self.context_.host, self.watch_, SARA_IO_READ);
}

void Acceptor::acceptSome() noexcept {
    for (uint32_t i = 0; i < context_.options.accept_per_turn; ++i) {
        Accepted a{};
        a.listener = listener_;
        socklen_t len = sizeof a.peer;
        a.fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&a.peer), &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (a.fd >= 0) {
            context_.count(context_.meters.accepted);
            place(a);
            continue;
        }
        const int why = errno;
        if (why == EAGAIN || why == EWOULDBLOCK) break;
        if (why == EINTR) continue;
        context_.count(context_.meters.accept_errors);
        // The client went away, or its network did: the next one may be fine.
        if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM && why != EINVAL &&
            why != EBADF) {
            continue;
        }
        backOff(why);
        break;
    }
    handOver();
}

void Acceptor::place(const Accepted& a) noexcept {
    const uint32_t loops = static_cast<uint32_t>(batches_.size());
    const uint32_t to = next_;
    next_ = next_ + 1 < loops ? next_ + 1 : 0;
    StreamLoop* target = context_.loops[to];
    if (target == &here_) return here_.adopt(a);
    Batch*& b = batches_[to];
    if (b == nullptr) {
        b = new (std::nothrow) Batch;
        if (b == nullptr) return here_.adopt(a);
        b->to = target;
        b->n = 0;
    }
    b->items[b->n++] = a;
    if (b->n == Batch::kMax) handOver();
}

void Acceptor::handOver() noexcept {
    for (uint32_t i = 0; i < batches_.size(); ++i) {
        Batch* b = batches_[i];
        if (b == nullptr) continue;
        batches_[i] = nullptr;
        if (context_.loop->post(context_.host, i, onBatch, b) == SARA_OK) continue;
        // That loop is too busy to take a post: the clients start here and move at login anyway.
        for (uint32_t k = 0; k < b->n; ++k) here_.adopt(b->items[k]);
        delete b;
    }
}

void Acceptor::onBatch(void* batch) noexcept {
    const std::unique_ptr<Batch> b(static_cast<Batch*>(batch));
    for (uint32_t k = 0; k < b->n; ++k) b->to->adopt(b->items[k]);
}

void Acceptor::backOff(int why) noexcept {
    if ((why == EMFILE || why == ENFILE) && reserve_fd_ >= 0) {
        // A client that waits for nothing is worse off than one that is closed and tries again.
        for (int i = 0; i < kShedMax && reserve_fd_ >= 0; ++i) {
            ::close(reserve_fd_);
            const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) ::close(fd);
            reserve_fd_ = openReserve();
            if (fd < 0) break;
        }
    }
    if (reserve_fd_ < 0) reserve_fd_ = openReserve();
    const uint64_t now = context_.loop->now_ms(context_.host);
    if (said_ms_ == 0 || now - said_ms_ >= kWarnEveryMs) {
        said_ms_ = now | 1;
        context_.say(SARA_LOG_WARN, std::string("accepting pauses: ") + std::strerror(why));
    }
    timer_ =
        context_.loop->timer(context_.host, context_.options.accept_backoff_ms, 0, onResume, this);
    // Without a timer nobody would resume: then the level-triggered watch goes on.
    if (timer_ != 0) (void)context_.loop->rewatch(context_.host, watch_, 0);
}

}  // namespace sara::stream
