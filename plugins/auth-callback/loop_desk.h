// The plugin's side of one loop: the calls that its sessions wait for, by number, the answers that
// other threads bring, and the rosters that this loop has seen. Decides that every call completes
// exactly once on this loop; an answer whose call is gone touches nobody.
#pragma once
#include <sara/abi/callback.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <sara/host.hpp>
#include <sara/result.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth-callback/roster.h"

namespace sara::auth_callback {

// Rosters that one loop refers to without asking the shared cache; then it begins anew.
inline constexpr size_t kLoopRostersMax = 4'096;  // docs/limits.md: callback_loop_rosters_max

class LoopDesk : public std::enable_shared_from_this<LoopDesk> {
  public:
    LoopDesk(const Host& host, uint32_t loop) : host_(host), loop_(loop) {}

    // [loop] The number under which the answer will come.
    uint64_t expectLogin(sara_done done, void* user);
    uint64_t expectMembers(const std::string& key, sara_members_done done, void* user);
    // [loop] Takes a call back that was not sent: nothing completes it but the caller.
    void forget(uint64_t call) { calls_.erase(call); }
    bool closed() const { return closed_; }
    uint32_t loop() const { return loop_; }

    // [any] The answer of a call; delivered by the next flush().
    void answer(uint64_t call, Status status, std::shared_ptr<const Roster> roster = nullptr);
    // [any] Lets the loop run what was answered. True: its mailbox is full, try again soon.
    bool flush();

    // [loop] What this loop knows itself; nullptr when it must ask. Lives until the turn ends or a
    // reload: hold it while it is used.
    std::shared_ptr<const Roster> roster(const std::string& key, uint64_t now_ms) const;
    void remember(const std::string& key, const std::shared_ptr<const Roster>& roster);

    // [loop] Completes what is open with SARA_E_CLOSED; later answers find nobody.
    void close();

    static void complete(sara_members_done done, void* user, Status status, const Roster* roster);

  private:
    struct Call {
        sara_done login = nullptr;
        sara_members_done members = nullptr;
        void* user = nullptr;
        std::string key;
    };
    struct Answered {
        uint64_t call;
        Status status;
        std::shared_ptr<const Roster> roster;
    };

    void run();
    void finish(const Call& call, Status status, const std::shared_ptr<const Roster>& roster);

    const Host& host_;
    const uint32_t loop_;
    // The loop's own.
    std::unordered_map<uint64_t, Call> calls_;
    std::unordered_map<std::string, std::weak_ptr<const Roster>> rosters_;
    uint64_t last_call_ = 0;
    bool closed_ = false;

    std::mutex mutex_;  // below
    std::vector<Answered> answered_;
    bool posted_ = false;
    bool shut_ = false;
};

}  // namespace sara::auth_callback
