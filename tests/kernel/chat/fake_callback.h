// The operator's backend in memory: groups and notices. Answers inside the call, or when the test
// says so.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chat/ports.h"
#include "loop/event_loop.h"

namespace sara::chat::test {

class FakeCallback final : public CallbackPort {
  public:
    std::map<std::string, std::vector<std::string>> groups;  // "gid@domain"
    Status status = Status::kOk;
    bool hold = false;  // answers wait for release()
    int asked = 0;
    std::vector<std::string> notices;  // "user id"

    void members(std::string_view gid, std::string_view domain, MembersDone done,
                 void* user) override {
        ++asked;
        const Call call{loop::EventLoop::current(), done, user,
                        std::string(gid) + "@" + std::string(domain)};
        if (hold) {
            waiting_.push_back(call);
        } else {
            answer(call);
        }
    }
    void offline(std::string_view user_jid, const Packet& packet, uint64_t) override {
        notices.push_back(std::string(user_jid) + " " + std::string(packet.id()));
    }

    size_t waiting() const { return waiting_.size(); }
    // Answers the oldest n questions, each on its loop.
    void release(size_t n = SIZE_MAX) {
        for (; n > 0 && !waiting_.empty(); --n) {
            std::pair<FakeCallback*, Call> job{this, waiting_.front()};
            waiting_.pop_front();
            job.second.loop->enter(
                [](void* j, uint32_t) {
                    auto& [self, call] = *static_cast<std::pair<FakeCallback*, Call>*>(j);
                    self->answer(call);
                },
                &job);
        }
    }

  private:
    struct Call {
        loop::EventLoop* loop;
        MembersDone done;
        void* user;
        std::string group;
    };
    void answer(const Call& call) {
        const auto group = groups.find(call.group);
        if (status != Status::kOk || group == groups.end()) {
            call.done(call.user, status != Status::kOk ? status : Status::kNotFound, {});
            return;
        }
        const std::vector<std::string_view> names(group->second.begin(), group->second.end());
        call.done(call.user, Status::kOk, names);
    }
    std::deque<Call> waiting_;
};

}  // namespace sara::chat::test
