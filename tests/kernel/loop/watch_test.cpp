// Descriptors: who hears of which event, and who does not hear of it any more.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "loop/event_loop.h"

namespace sara::loop {
namespace {

// Both ends of a socket pair, and what the watcher of the first end heard.
struct Line {
    EventLoop& loop;
    std::array<int, 2> fd{-1, -1};
    WatchId watch = 0;
    int calls = 0;
    uint32_t events = 0;
    Line* unwatches = nullptr;  // in its callback

    explicit Line(EventLoop& l) : loop(l) { open(); }
    ~Line() {
        loop.unwatch(watch);
        close();
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void open() {
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd.data()), 0);
    }
    void close() {
        ::close(fd[0]);
        ::close(fd[1]);
    }
    void listen(uint32_t wanted) { watch = loop.watch(fd[0], wanted, &Line::heard, this); }
    void say() { ASSERT_EQ(write(fd[1], "x", 1), 1); }

    static void heard(void* user, uint32_t events) noexcept {
        auto* const line = static_cast<Line*>(user);
        ++line->calls;
        line->events = events;
        if (line->unwatches != nullptr) line->loop.unwatch(line->unwatches->watch);
    }
};

class WatchTest : public testing::Test {
  protected:
    ManualClock clock;
    EventLoop loop{0, clock, {}};
    Line a{loop};
    Line b{loop};
};

TEST_F(WatchTest, IsLevelTriggered) {
    a.listen(kIoRead);
    ASSERT_NE(a.watch, 0U);
    a.say();
    loop.turn(0);
    loop.turn(0);
    EXPECT_EQ(a.calls, 2);
    EXPECT_EQ(a.events, kIoRead);
}

TEST_F(WatchTest, RewatchSwitchesEventsOffAndOn) {
    a.listen(kIoRead | kIoWrite);
    loop.turn(0);
    EXPECT_EQ(a.events, kIoWrite);
    ASSERT_TRUE(loop.rewatch(a.watch, kIoRead));
    loop.turn(0);
    EXPECT_EQ(a.calls, 1);
    a.say();
    loop.turn(0);
    EXPECT_EQ(a.events, kIoRead);
}

TEST_F(WatchTest, AStaleEventOfTheSameBatchDoesNotRunAfterUnwatch) {
    a.listen(kIoRead);
    b.listen(kIoRead);
    a.unwatches = &b;
    b.unwatches = &a;
    a.say();
    b.say();
    loop.turn(0);
    EXPECT_EQ(a.calls + b.calls, 1);  // whoever came first
    loop.turn(0);
    loop.turn(0);
    EXPECT_EQ(a.calls + b.calls, 3);
}

TEST_F(WatchTest, AWatcherUnwatchesItself) {
    a.listen(kIoRead);
    a.unwatches = &a;
    a.say();
    loop.turn(0);
    loop.turn(0);
    EXPECT_EQ(a.calls, 1);
    EXPECT_FALSE(loop.rewatch(a.watch, kIoRead));
}

// Closes the other line's descriptors and watches a new pair, which gets the same numbers and the
// same slot.
TEST_F(WatchTest, AReusedDescriptorDoesNotHearItsPredecessor) {
    a.listen(kIoRead);
    b.listen(kIoRead);
    a.say();
    b.say();
    static Line* first;
    static Line* second;
    first = &a;
    second = &b;
    static int others_calls;
    others_calls = 0;
    const auto swap = [](void* user, uint32_t) noexcept {
        auto* const self = static_cast<Line*>(user);
        Line* const other = self == first ? second : first;
        ++self->calls;
        const int number = other->fd[0];
        self->loop.unwatch(other->watch);
        other->close();
        other->open();
        EXPECT_EQ(other->fd[0], number);
        other->watch = self->loop.watch(
            other->fd[0], kIoRead, [](void*, uint32_t) noexcept { ++others_calls; }, other);
    };
    loop.unwatch(a.watch);
    loop.unwatch(b.watch);
    a.watch = loop.watch(a.fd[0], kIoRead, swap, &a);
    b.watch = loop.watch(b.fd[0], kIoRead, swap, &b);
    loop.turn(0);
    EXPECT_EQ(a.calls + b.calls, 1);
    EXPECT_EQ(others_calls, 0);
}

TEST_F(WatchTest, NoEventsStillReportsTheHangup) {
    a.listen(0);
    a.say();
    loop.turn(0);
    EXPECT_EQ(a.calls, 0);
    ::close(a.fd[1]);
    loop.turn(0);
    EXPECT_EQ(a.events, kIoHangup);
    a.fd[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);  // something to close
}

TEST_F(WatchTest, RefusesWhatEpollRefuses) {
    EXPECT_EQ(loop.watch(-1, kIoRead, &Line::heard, &a), 0U);
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(loop.watch(file, kIoRead, &Line::heard, &a), 0U);
    ::close(file);
    a.listen(kIoRead);
    EXPECT_EQ(loop.watch(a.fd[0], kIoRead, &Line::heard, &a), 0U);  // twice
    EXPECT_FALSE(loop.rewatch(0, kIoRead));
    loop.unwatch(0);
    a.say();
    loop.turn(0);
    EXPECT_EQ(a.calls, 1);
}

TEST_F(WatchTest, UnwatchAfterCloseIsHarmless) {
    a.listen(kIoRead);
    a.close();
    loop.unwatch(a.watch);
    a.open();
    a.listen(kIoRead);
    ASSERT_NE(a.watch, 0U);
    a.say();
    loop.turn(0);
    EXPECT_EQ(a.calls, 1);
}

TEST_F(WatchTest, MoreEventsThanATurnTakesAllRunInTheEnd) {
    EventLoop narrow(1, clock, {.events_per_turn = 2});
    std::array<std::unique_ptr<Line>, 5> lines;
    for (auto& line : lines) {
        line = std::make_unique<Line>(narrow);
        line->listen(kIoRead);
        line->unwatches = line.get();
        line->say();
    }
    for (int i = 0; i < 4; ++i) narrow.turn(0);
    for (const auto& line : lines) EXPECT_EQ(line->calls, 1);
}

}  // namespace
}  // namespace sara::loop
