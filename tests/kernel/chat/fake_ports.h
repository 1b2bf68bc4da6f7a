// The other fakes of the chat room's surroundings: auth, hooks, ids, log. Each answers at once
// unless the test holds it.
#pragma once
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chat/room.h"

namespace sara::chat::test {

class FakeAuth final : public AuthPort {
  public:
    Status verdict = Status::kOk;
    bool hold = false;
    int asked = 0;
    std::string user, domain, jid, password, peer_ip, transport;  // of the last question

    void check(const AuthQuestion& q, Done done, void* caller) override {
        ++asked;
        user = q.user;
        domain = q.domain;
        jid = q.jid;
        password = q.password;
        peer_ip = q.peer_ip;
        transport = q.transport;
        auto* call = new Call{done, caller, verdict};
        if (hold) {
            waiting_.emplace_back(loop::EventLoop::current(), call);
        } else {
            submit(*loop::EventLoop::current(), call);
        }
    }
    size_t waiting() const { return waiting_.size(); }
    void release(Status st) {
        while (!waiting_.empty()) {
            auto [loop, call] = waiting_.front();
            waiting_.pop_front();
            call->verdict = st;
            submit(*loop, call);
        }
    }

  private:
    struct Call {
        Done done;
        void* caller;
        Status verdict;
    };
    static void submit(loop::EventLoop& loop, Call* call) {
        if (!loop.post({run, call, 0, 0}, loop::PostClass::kReply)) delete call;
    }
    static void run(void* self, uint64_t, uint64_t) noexcept {
        const std::unique_ptr<Call> call(static_cast<Call*>(self));
        call->done(call->caller, call->verdict);
    }
    std::deque<std::pair<loop::EventLoop*, Call*>> waiting_;
};

// One scripted filter. script gives the verdict of a point; kSuspend is remembered for proceed().
class FakeHooks final : public HookPort {
  public:
    std::function<HookAnswer(HookPoint, const Packet*)> script;
    std::deque<HookPoint> seen;

    void want(std::initializer_list<HookPoint> points) {
        uint32_t mask = 0;
        for (const HookPoint p : points) mask |= 1u << static_cast<uint32_t>(p);
        mask_ = mask;
    }
    size_t suspended() const { return suspended_.size(); }
    uint32_t suspendedLoop() { return suspended_.front().room->loop().index(); }
    // Continues the oldest suspended call. Call it on its loop.
    void proceed(const HookAnswer& answer) {
        const Suspended s = suspended_.front();
        suspended_.pop_front();
        s.resume(*s.room, s.session, s.arg, answer);
    }

    HookAnswer conn(HookPoint p, Room& room, SessionId session, const ConnFacts&, Continue resume,
                    uint64_t arg) override {
        return ask(p, nullptr, {&room, session, resume, arg});
    }
    HookAnswer login(HookPoint p, Room& room, SessionId session, const LoginFacts&, Continue resume,
                     uint64_t arg) override {
        return ask(p, nullptr, {&room, session, resume, arg});
    }
    HookAnswer packet(HookPoint p, Room& room, SessionId session, const Packet& packet,
                      Continue resume, uint64_t arg) override {
        return ask(p, &packet, {&room, session, resume, arg});
    }
    HookAnswer group(HookPoint p, Room& room, SessionId session, const GroupFacts&, Continue resume,
                     uint64_t arg) override {
        return ask(p, nullptr, {&room, session, resume, arg});
    }

  private:
    struct Suspended {
        Room* room;
        SessionId session;
        Continue resume;
        uint64_t arg;
    };
    HookAnswer ask(HookPoint p, const Packet* packet, const Suspended& call) {
        seen.push_back(p);
        const HookAnswer answer = script ? script(p, packet) : HookAnswer{};
        if (answer.verdict == Verdict::kSuspend) suspended_.push_back(call);
        return answer;
    }
    std::deque<Suspended> suspended_;
};

// uuid-1, uuid-2, ... in the width of a uuid.
class CountingIds final : public IdSource {
  public:
    void uuid(char (&out)[36]) override {
        char text[40];
        std::snprintf(text, sizeof text, "uuid-%031u", ++last_);
        std::memcpy(out, text, 36);
    }

    void restart() { last_ = 0; }
    uint32_t last() const { return last_; }

  private:
    uint32_t last_ = 0;
};

// Keeps the lines for the test.
class SilentLog final : public loop::Log {
  public:
    std::vector<std::string> lines;

    bool enabled(loop::LogLevel) const override { return false; }
    void write(loop::LogLevel, std::string_view, std::string_view text) override {
        lines.emplace_back(text);
    }
};

}  // namespace sara::chat::test
