// claim, release and lookup of a running store, one at a time, with copies of the answers.
#pragma once
#include <memory>
#include <string>

#include "running_store.h"

namespace sara::store_redis {

struct PresenceAnswer {
    int completions = 0;
    sara_status status = SARA_E_PLUGIN;
    bool found = false;
    std::string user, jid, sid, node, channel;
    uint64_t since_ms = 0;
};

class PresenceCalls {
  public:
    explicit PresenceCalls(RunningStore& store) : store_(store) {}

    PresenceAnswer claim(const std::string& user, const std::string& sid,
                         const std::string& node = "n01") {
        const std::string jid = user + "/pc";
        const sara_presence p = presence(user, jid, sid, node);
        return call([&](PresenceAnswer* to) { store_.api()->claim(self(), &p, take, to); });
    }
    sara_status release(const std::string& user, const std::string& sid) {
        const std::string node = "n01";
        const sara_presence p = presence(user, user, sid, node);
        return call([&](PresenceAnswer* to) {
                   store_.api()->release(
                       self(), &p,
                       [](void* u, sara_status st, sara_buf*) noexcept { take(u, st, nullptr); },
                       to);
               })
            .status;
    }
    // many0@demo with sid0, many1@demo with sid1, ..., without waiting for one after the other.
    void claimMany(int n) {
        int done = 0;
        for (int i = 0; i < n; ++i) {
            const std::string number = std::to_string(i);
            const std::string user = "many" + number + "@demo";
            const std::string sid = "sid" + number;
            const std::string node = "n01";
            const sara_presence p = presence(user, user, sid, node);
            store_.host().loop(0).run([&] {
                store_.api()->claim(
                    self(), &p,
                    [](void* to, sara_status, const sara_presence*) noexcept {
                        ++*static_cast<int*>(to);
                    },
                    &done);
            });
        }
        store_.host().runUntil([&] { return done == n; }, std::chrono::seconds(60));
    }
    PresenceAnswer lookup(const std::string& user) {
        return call([&](PresenceAnswer* to) {
            store_.api()->lookup(self(), testkit::toStr(user), take, to);
        });
    }

  private:
    void* self() { return store_.plugin().self(); }
    static sara_presence presence(const std::string& user, const std::string& jid,
                                  const std::string& sid, const std::string& node) {
        sara_presence p{};
        p.struct_size = sizeof p;
        p.user = testkit::toStr(user);
        p.jid = testkit::toStr(jid);
        p.sid = testkit::toStr(sid);
        p.node = testkit::toStr(node);
        p.channel = testkit::toStr("10.0.0.1:4281");
        p.since_ms = 1'795'336'638'123;
        return p;
    }
    static void take(void* to, sara_status status, const sara_presence* p) noexcept {
        auto* answer = static_cast<PresenceAnswer*>(to);
        ++answer->completions;
        answer->status = status;
        answer->found = p != nullptr;
        if (p == nullptr) return;
        answer->user = testkit::toView(p->user);
        answer->jid = testkit::toView(p->jid);
        answer->sid = testkit::toView(p->sid);
        answer->node = testkit::toView(p->node);
        answer->channel = testkit::toView(p->channel);
        answer->since_ms = p->since_ms;
    }
    template <class Fn>
    PresenceAnswer call(Fn fn) {
        // Kept for the life of the test: an answer after the deadline finds living memory.
        auto answer = std::make_shared<PresenceAnswer>();
        static std::vector<std::shared_ptr<PresenceAnswer>> all;
        all.push_back(answer);
        store_.host().loop(0).run([&] { fn(answer.get()); });
        store_.host().runUntil([&] { return answer->completions > 0; });
        return *answer;
    }

    RunningStore& store_;
};

}  // namespace sara::store_redis
