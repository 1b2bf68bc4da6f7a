#include "testkit/host/fake_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace sara::testkit {
namespace {

thread_local FakeLoop* current_loop = nullptr;

uint64_t millis(std::chrono::nanoseconds d) {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

// Marks the thread as the loop's for one scope; nested turns of other loops are allowed.
class Entered {
  public:
    explicit Entered(FakeLoop* loop) : before_(current_loop) { current_loop = loop; }
    ~Entered() { current_loop = before_; }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

  private:
    FakeLoop* before_;
};

}  // namespace

uint64_t FakeClock::nowMs() const {
    if (!real_time_) return now_ms_.load();
    return millis(std::chrono::steady_clock::now().time_since_epoch()) + added_ms_.load();
}

uint64_t FakeClock::wallMs() const {
    if (!real_time_) {
        return static_cast<uint64_t>(static_cast<int64_t>(now_ms_.load()) +
                                     wall_minus_now_ms_.load());
    }
    return millis(std::chrono::system_clock::now().time_since_epoch()) + added_ms_.load();
}

void FakeClock::advance(uint64_t ms) {
    now_ms_.fetch_add(ms);
    added_ms_.fetch_add(ms);
}

void FakeClock::setWall(uint64_t ms_since_1970) {
    wall_minus_now_ms_.store(static_cast<int64_t>(ms_since_1970) -
                             static_cast<int64_t>(now_ms_.load()));
}

FakeLoop::FakeLoop(const sara_host* host, uint32_t number, const FakeClock& clock,
                   size_t mailbox_max)
    : host_(host),
      number_(number),
      clock_(clock),
      mailbox_max_(mailbox_max),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_fd_ < 0) std::abort();
}

FakeLoop::~FakeLoop() { ::close(wake_fd_); }

FakeLoop* FakeLoop::current() { return current_loop; }

bool FakeLoop::turn(int wait_ms) {
    const Entered entered(this);
    bool ran = runPosts();
    ran |= runTimers();
    ran |= runWatches(ran ? 0 : waitMs(wait_ms));
    // A post or a timer may have been what ended the wait.
    ran |= runPosts();
    ran |= runTimers();
    ran |= runWork();
    ran |= runTurnEnd();
    return ran;
}

void FakeLoop::run(const std::function<void()>& fn) {
    const Entered entered(this);
    fn();
    runTurnEnd();
}

sara_status FakeLoop::post(sara_fn fn, void* user) {
    const sara_status refused = refuse_.load();
    if (refused != SARA_OK) return refused;
    {
        const std::lock_guard lock(mutex_);
        if (mailbox_.size() >= mailbox_max_) return SARA_E_AGAIN;
        mailbox_.push_back({fn, user});
        if (mailbox_.size() > 1) return SARA_OK;
    }
    const uint64_t one = 1;
    if (::write(wake_fd_, &one, sizeof one) < 0) return SARA_OK;  // full counter: awake already
    return SARA_OK;
}

size_t FakeLoop::queued() const {
    const std::lock_guard lock(mutex_);
    return mailbox_.size();
}

sara_id FakeLoop::timer(uint64_t delay_ms, uint64_t period_ms, sara_fn fn, void* user) {
    const sara_id id = next_id_++;
    timers_[id] = {clock_.nowMs() + delay_ms, period_ms, fn, user};
    return id;
}

sara_id FakeLoop::watch(int32_t fd, uint32_t events, sara_io_fn fn, void* user) {
    if (fd < 0 || fn == nullptr) return 0;
    const sara_id id = next_id_++;
    watches_[id] = {fd, events, fn, user};
    return id;
}

sara_status FakeLoop::rewatch(sara_id id, uint32_t events) {
    const auto it = watches_.find(id);
    if (it == watches_.end()) return SARA_E_STALE;
    it->second.events = events;
    return SARA_OK;
}

sara_status FakeLoop::work(sara_fn job, sara_fn done, void* user) {
    if (jobs_.size() >= mailbox_max_) return SARA_E_AGAIN;
    jobs_.push_back({job, done, user});
    return SARA_OK;
}

bool FakeLoop::runPosts() {
    std::vector<Call> calls;
    {
        const std::lock_guard lock(mutex_);
        calls.swap(mailbox_);
    }
    for (const Call& call : calls) call.fn(call.user);
    return !calls.empty();
}

bool FakeLoop::runTimers() {
    const uint64_t now = clock_.nowMs();
    std::vector<std::pair<uint64_t, sara_id>> due;
    for (const auto& [id, timer] : timers_) {
        if (timer.due_ms <= now) due.emplace_back(timer.due_ms, id);
    }
    std::sort(due.begin(), due.end());
    bool ran = false;
    for (const auto& [at, id] : due) {
        const auto it = timers_.find(id);
        if (it == timers_.end()) continue;  // cancelled by an earlier one
        const Timer timer = it->second;
        if (timer.period_ms == 0) {
            timers_.erase(it);
        } else {
            it->second.due_ms = std::max(at + timer.period_ms, now + 1);
        }
        timer.fn(timer.user);
        ran = true;
    }
    return ran;
}

int FakeLoop::waitMs(int wait_ms) const {
    if (wait_ms == 0 || !jobs_.empty() || !turn_end_.empty()) return 0;
    uint64_t wait = wait_ms < 0 ? 1000 : static_cast<uint64_t>(wait_ms);
    const uint64_t now = clock_.nowMs();
    for (const auto& [id, timer] : timers_) {
        wait = std::min(wait, timer.due_ms > now ? timer.due_ms - now : 0);
    }
    return static_cast<int>(wait);
}

bool FakeLoop::runWatches(int wait_ms) {
    std::vector<pollfd> fds{{wake_fd_, POLLIN, 0}};
    std::vector<sara_id> ids{0};
    for (const auto& [id, watch] : watches_) {
        short events = 0;
        if (watch.events & SARA_IO_READ) events |= POLLIN;
        if (watch.events & SARA_IO_WRITE) events |= POLLOUT;
        fds.push_back({watch.fd, events, 0});
        ids.push_back(id);
    }
    if (::poll(fds.data(), fds.size(), wait_ms) <= 0) return false;
    if (fds[0].revents != 0) {
        uint64_t count = 0;
        if (::read(wake_fd_, &count, sizeof count) < 0) count = 0;
    }
    bool ran = false;
    for (size_t i = 1; i < fds.size(); ++i) {
        if (fds[i].revents == 0) continue;
        const auto it = watches_.find(ids[i]);
        if (it == watches_.end()) continue;  // unwatched by an earlier one
        uint32_t events = 0;
        if (fds[i].revents & POLLIN) events |= SARA_IO_READ;
        if (fds[i].revents & POLLOUT) events |= SARA_IO_WRITE;
        if (fds[i].revents & (POLLHUP | POLLERR | POLLNVAL)) events |= SARA_IO_HANGUP;
        it->second.fn(it->second.user, events);
        ran = true;
    }
    return ran;
}

bool FakeLoop::runWork() {
    std::vector<Job> jobs;
    jobs.swap(jobs_);
    for (const Job& job : jobs) {
        {
            const Entered worker(nullptr);
            job.work(job.user);
        }
        job.done(job.user);
    }
    return !jobs.empty();
}

bool FakeLoop::runTurnEnd() {
    std::vector<Call> calls;
    calls.swap(turn_end_);
    for (const Call& call : calls) call.fn(call.user);
    return !calls.empty();
}

}  // namespace sara::testkit
