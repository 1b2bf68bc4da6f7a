// The turn of a loop under a manual clock: phases, current(), turn ends, timers.
#include "loop/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "loop/counters.h"

namespace sara::loop {
namespace {

using Words = std::vector<std::string>;

struct Note {
    Words* words;
    const char* text;
    EventLoop* loop;
    const Note* at_turn_end = nullptr;
};

void say(void* user) noexcept {
    const auto* const note = static_cast<Note*>(user);
    note->words->push_back(note->text);
    EXPECT_TRUE(note->loop->isCurrent());
    if (note->at_turn_end != nullptr) {
        note->loop->atTurnEnd(&say, const_cast<Note*>(note->at_turn_end));
    }
}
void sayPost(void* self, uint64_t, uint64_t) noexcept { say(self); }
void sayEvents(void* user, uint32_t) noexcept { say(user); }

class EventLoopTest : public testing::Test {
  protected:
    ManualClock clock;
    EventLoop a{0, clock, {}};
    EventLoop b{1, clock, {}};
    Words words;
};

TEST_F(EventLoopTest, ATurnRunsMailboxTimersIoAndTurnEndsInThisOrder) {
    Note end{&words, "end", &a};
    Note post{&words, "post", &a, &end};
    Note timer{&words, "timer", &a};
    Note io{&words, "io", &a};
    std::array<int, 2> fd{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd.data()), 0);
    const WatchId watch = a.watch(fd[0], kIoWrite, &sayEvents, &io);
    a.startTimer(4, 0, &say, &timer);
    ASSERT_TRUE(a.post({&sayPost, &post, 0, 0}, PostClass::kRequest));
    clock.advance(4);
    a.turn(0);
    EXPECT_EQ(words, (Words{"post", "timer", "io", "end"}));
    a.unwatch(watch);
    close(fd[0]);
    close(fd[1]);
}

TEST_F(EventLoopTest, TurnEndsAddedMeanwhileRunInTheSameTurn) {
    Note third{&words, "third", &a};
    Note second{&words, "second", &a, &third};
    Note first{&words, "first", &a, &second};
    a.atTurnEnd(&say, &first);
    EXPECT_TRUE(words.empty());
    a.turn(0);
    EXPECT_EQ(words, (Words{"first", "second", "third"}));
    a.turn(0);
    EXPECT_EQ(words.size(), 3U);
}

// The first turn of run() slept and the turn end waited for a post that never came.
TEST_F(EventLoopTest, ATurnEndAskedForBeforeTheFirstTurnDoesNotWait) {
    Note note{&words, "end", &a};
    a.enter([](void* user, uint32_t) { static_cast<Note*>(user)->loop->atTurnEnd(&say, user); },
            &note);
    a.turn(60'000);
    EXPECT_EQ(words, Words{"end"});
}

TEST_F(EventLoopTest, CurrentIsTheLoopThatTurns) {
    EXPECT_EQ(EventLoop::current(), nullptr);
    Note of_a{&words, "a", &a};
    Note of_b{&words, "b", &b};
    a.atTurnEnd(&say, &of_a);
    b.atTurnEnd(&say, &of_b);
    b.turn(0);
    a.turn(0);
    EXPECT_EQ(words, (Words{"b", "a"}));
    EXPECT_EQ(EventLoop::current(), nullptr);
}

TEST_F(EventLoopTest, CurrentComesBackAfterATurnWithinATurn) {
    struct Both {
        EventLoop* outer;
        EventLoop* inner;
        bool restored = false;
    } both{&a, &b};
    a.atTurnEnd(
        [](void* user) noexcept {
            auto* const two = static_cast<Both*>(user);
            two->inner->turn(0);
            two->restored = two->outer->isCurrent();
        },
        &both);
    a.turn(0);
    EXPECT_TRUE(both.restored);
}

TEST_F(EventLoopTest, EnterIsLikeInsideTheLoop) {
    a.enter(
        [](void* user, uint32_t loop) {
            EXPECT_EQ(EventLoop::current(), user);
            EXPECT_EQ(loop, 0U);
        },
        &a);
    EXPECT_EQ(EventLoop::current(), nullptr);
}

TEST_F(EventLoopTest, TimersFollowTheClockGiven) {
    Note note{&words, "ring", &a};
    const TimerId id = a.startTimer(1000, 0, &say, &note);
    ASSERT_NE(id, 0U);
    a.turn(0);
    clock.advance(999);
    a.turn(0);
    EXPECT_TRUE(words.empty());
    clock.advance(1);
    a.turn(0);
    EXPECT_EQ(words, Words{"ring"});
    a.cancelTimer(id);
    clock.advance(10'000);
    a.turn(0);
    EXPECT_EQ(words.size(), 1U);
}

TEST_F(EventLoopTest, RefusesMoreThanTimersMaxAndCountsIt) {
    EventLoop small(2, clock, {.timers_max = 1});
    Note note{&words, "ring", &small};
    const int64_t before = Counters::instance().read("loop_timers_full_total");
    EXPECT_NE(small.startTimer(1, 0, &say, &note), 0U);
    EXPECT_EQ(small.startTimer(1, 0, &say, &note), 0U);
    EXPECT_EQ(Counters::instance().read("loop_timers_full_total"), before + 1);
}

TEST_F(EventLoopTest, NowIsReadOncePerTurn) {
    clock.setWall(5);
    a.turn(0);
    const uint64_t now_ms = a.nowMs();
    EXPECT_EQ(now_ms, clock.monotonicMs());
    EXPECT_EQ(a.wallMs(), 5U);
    clock.advance(7);
    EXPECT_EQ(a.nowMs(), now_ms);
    a.turn(0);
    EXPECT_EQ(a.nowMs(), now_ms + 7);
}

TEST_F(EventLoopTest, CountsItsTurns) {
    EXPECT_EQ(a.turns(), 0U);
    a.turn(0);
    a.turn(0);
    EXPECT_EQ(a.turns(), 2U);
}

TEST_F(EventLoopTest, ATurnDoesNotWaitLongerThanAllowedUnderAManualClock) {
    Note note{&words, "never", &a};
    a.startTimer(60'000, 0, &say, &note);
    const auto before = std::chrono::steady_clock::now();
    a.turn(20);
    const auto took = std::chrono::steady_clock::now() - before;
    EXPECT_GE(took, std::chrono::milliseconds(19));
    EXPECT_LT(took, std::chrono::seconds(10));
    EXPECT_TRUE(words.empty());
}

TEST(EventLoopWithSystemClock, ATimerIsNotEarlyByItsOwnClockAlsoInAnOldTurn) {
    SystemClock clock;
    EventLoop loop(0, clock, {});
    static std::chrono::steady_clock::time_point started;
    static std::chrono::steady_clock::time_point rang;
    static EventLoop* self;
    self = &loop;
    rang = {};
    // The turn is 30 ms old when it starts the timer: counted from its begin the timer would be due
    // at once.
    loop.atTurnEnd(
        [](void*) noexcept {
            started = std::chrono::steady_clock::now();
            while (std::chrono::steady_clock::now() - started < std::chrono::milliseconds(30)) {
            }
            started = std::chrono::steady_clock::now();
            self->startTimer(
                20, 0,
                [](void*) noexcept {
                    rang = std::chrono::steady_clock::now();
                    self->stop();
                },
                nullptr);
        },
        nullptr);
    loop.run();
    // The clock counts whole milliseconds, so a start may be up to one of them younger than it
    // seems.
    EXPECT_GE(rang - started, std::chrono::milliseconds(19));
}

TEST(EventLoopWithSystemClock, SleepsWhenItHasNothingToDo) {
    SystemClock clock;
    EventLoop loop(0, clock, {});
    std::thread thread([&loop] { loop.run(); });
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(50)) {
        std::this_thread::yield();
    }
    EXPECT_LE(loop.turns(), 1U);
    loop.stop();
    thread.join();
}

TEST(EventLoopWithSystemClock, APeriodicTimerWakesItOncePerPeriod) {
    SystemClock clock;
    EventLoop loop(0, clock, {});
    static EventLoop* self;
    static int rings;
    self = &loop;
    rings = 0;
    loop.startTimer(
        8, 8,
        [](void*) noexcept {
            if (++rings == 10) self->stop();
        },
        nullptr);
    loop.run();
    EXPECT_EQ(rings, 10);
    EXPECT_LE(loop.turns(), 25U);
}

}  // namespace
}  // namespace sara::loop
