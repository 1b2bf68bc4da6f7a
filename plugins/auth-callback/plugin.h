// The plugin: the services sara.auth/1 and sara.callback/1 and the command emsg_group.reload over
// one HTTP client, one group cache and one outbox. Decides what an answer of the backend means to
// the server; refuses everybody when there is no URL or no answer, unless auth_fail_open.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <sara/plugin.hpp>
#include <string>
#include <vector>

#include "auth-callback/counters.h"
#include "auth-callback/group_cache.h"
#include "auth-callback/http_client.h"
#include "auth-callback/loop_desk.h"
#include "auth-callback/outbox.h"
#include "auth-callback/settings.h"

namespace sara::auth_callback {

class CallbackPlugin : public Plugin {
  public:
    ~CallbackPlugin() override;

    // [loop] The functions of the services.
    void check(const sara_auth_request& request, sara_done done, void* user);
    void members(std::string_view gid, std::string_view domain, sara_members_done done, void* user);
    void offline(std::string_view user_jid, sara_buf* packet, uint64_t total);

  protected:
    Result<void> init() override;
    Result<void> start() override;
    void loopStop(uint32_t loop) override;
    void stop() override;
    const void* service(std::string_view id) override;
    std::string_view statusLine() override;

  private:
    LoopDesk* desk() const;
    // What an answer about a login means.
    Status judge(const HttpAnswer& answer);
    Status undecided(Status status);
    void ask(uint64_t flight, std::string_view gid, uint64_t now_ms);
    void settle(uint64_t flight, const HttpAnswer& answer, uint64_t asked_ms);
    void give(const std::vector<GroupCache::Waiter>& waiters, Status status,
              const std::shared_ptr<const Roster>& roster);
    void reload(sara_id token, sara_buf* params);

    Settings settings_;
    Counters counters_;
    std::vector<std::shared_ptr<LoopDesk>> desks_;
    std::unique_ptr<GroupCache> groups_;
    std::unique_ptr<HttpClient> http_;
    std::unique_ptr<Outbox> outbox_;
    std::string status_line_;
};

}  // namespace sara::auth_callback
