#include "auth-callback/plugin.h"

#include <algorithm>
#include <utility>

#include "auth-callback/answer.h"
#include "auth-callback/reload_params.h"
#include "auth-callback/request_text.h"

namespace sara::auth_callback {
namespace {

// A yes or no is short; only lists of members are not.
constexpr size_t kLoginAnswerBytesMax = 64u << 10;  // docs/limits.md: callback_login_bytes_max

CallbackPlugin& of(void* self) { return *static_cast<CallbackPlugin*>(static_cast<Plugin*>(self)); }

// Runs f behind the barrier; what throws (memory) ends as a failure of the plugin.
template <class F>
bool guarded(void* self, const char* where, F&& f) noexcept {
    return detail::guarded(&of(self).host(), where, [&] {
               f();
               return SARA_OK;
           }) == SARA_OK;
}

const sara_auth kAuth{
    sizeof(sara_auth), 0,
    [](void* self, const sara_auth_request* r, sara_done done, void* user) noexcept {
        (void)guarded(self, "auth check", [&] { of(self).check(*r, done, user); });
    }};

const sara_callback kCallback{
    sizeof(sara_callback), 0,
    [](void* self, sara_str gid, sara_str domain, sara_members_done done, void* user) noexcept {
        (void)guarded(self, "group members",
                      [&] { of(self).members(view(gid), view(domain), done, user); });
    },
    [](void* self, sara_str jid, sara_buf* packet, uint64_t total) noexcept {
        (void)guarded(self, "offline notice", [&] { of(self).offline(view(jid), packet, total); });
    }};

}  // namespace

CallbackPlugin::~CallbackPlugin() = default;

const void* CallbackPlugin::service(std::string_view id) {
    if (id == SARA_SVC_AUTH) return &kAuth;
    return id == SARA_SVC_CALLBACK ? &kCallback : nullptr;
}

std::string_view CallbackPlugin::statusLine() { return status_line_; }

LoopDesk* CallbackPlugin::desk() const {
    const uint32_t loop = host().thisLoop();
    return loop < desks_.size() ? desks_[loop].get() : nullptr;
}

Result<void> CallbackPlugin::init() {
    auto settings = readSettings(config());
    if (!settings) return settings.error();
    settings_ = std::move(*settings);
    counters_.define(metrics());
    groups_ = std::make_unique<GroupCache>(settings_, counters_);
    for (uint32_t i = 0; i < host().loopCount(); ++i) {
        desks_.push_back(std::make_shared<LoopDesk>(host(), i));
    }
    if (settings_.active()) {
        http_ = std::make_unique<HttpClient>(settings_, counters_, log(), [this] {
            bool again = false;
            for (const auto& desk : desks_) again |= desk->flush();
            return again;
        });
        // A host without health has nobody who asks.
        (void)health().check("callback", [this]() -> std::string_view {
            return http_->breakerOpen() ? "breaker_open" : "";
        });
    }
    if (settings_.sendsNotices()) {
        outbox_ = std::make_unique<Outbox>(settings_, counters_, log(), *http_);
    }
    if (host().rpc == nullptr) return {};
    sara_id handle = 0;
    const Status st = toStatus(host().rpc->command(
        host().raw(), str("emsg_group"), str("reload"), str("forget the members of a group"),
        [](void* self, sara_id token, sara_buf* params) noexcept {
            (void)guarded(self, "emsg_group.reload", [&] { of(self).reload(token, params); });
        },
        static_cast<Plugin*>(this), &handle));
    if (!ok(st)) return Error{st, "the command emsg_group.reload cannot be added"};
    return {};
}

Result<void> CallbackPlugin::start() {
    if (!settings_.active()) {
        if (settings_.enable_auth) {
            log().warn(
                "enable_auth is true and callback is empty: nobody can log in; give the URL of "
                "your backend, or say \"enable_auth\": false");
        }
        return {};
    }
    if (settings_.enable_auth && settings_.auth_fail_open) {
        log().warn("auth_fail_open: while the backend does not answer everybody is let in");
    }
    if (std::string error = http_->start(); !error.empty()) return Error{Status::kIo, error};
    if (outbox_ != nullptr) {
        if (std::string error = outbox_->start(); !error.empty()) {
            return Error{Status::kIo, "offline notices: " + error};
        }
    }
    status_line_ = "callback " + settings_.shown_url;
    return {};
}

void CallbackPlugin::loopStop(uint32_t loop) { desks_[loop]->close(); }

void CallbackPlugin::stop() {
    if (outbox_ != nullptr) outbox_->stopSending();
    if (http_ != nullptr) http_->stop();
    if (outbox_ != nullptr) outbox_->stop();
}

// --- logins ---

Status CallbackPlugin::undecided(Status status) {
    counters_.logins_undecided.add();
    if (!settings_.auth_fail_open || status == Status::kClosed) return status;
    counters_.logins_failed_open.add();
    return Status::kOk;
}

// A 2xx that says anything but yes is a no, and so is any other status that is not the backend's
// own failure: only silence is undecided.
Status CallbackPlugin::judge(const HttpAnswer& answer) {
    if (answer.status != Status::kOk &&
        (answer.status != Status::kDenied || answer.http_status >= 500)) {
        return undecided(answer.status == Status::kDenied ? Status::kIo : answer.status);
    }
    if (answer.status == Status::kOk &&
        readAnswer(answer.body, 0xffffffff).kind == Answer::Kind::kYes) {
        return Status::kOk;
    }
    counters_.logins_refused.add();
    return Status::kDenied;
}

void CallbackPlugin::check(const sara_auth_request& request, sara_done done, void* user) {
    LoopDesk* const at = desk();
    if (at == nullptr || at->closed() || http_ == nullptr) {
        const Status st = http_ == nullptr ? Status::kUnsupported : Status::kClosed;
        (void)Completion(host(), done, user).finish(st);
        return;
    }
    counters_.logins.add();
    const uint64_t number = at->expectLogin(done, user);
    auto call = std::make_unique<HttpCall>();
    call->lane = Lane::kLogin;
    call->form = formOf(authBody(newSn(), {view(request.user), view(request.domain),
                                           view(request.jid), view(request.password)}));
    call->timeOut(steadyMs(), settings_.timeout_ms);
    call->answer_bytes_max = std::min(settings_.answer_bytes_max, kLoginAnswerBytesMax);
    call->retries = settings_.auth_retries;
    call->done = [this, at, number](HttpAnswer&& answer) { at->answer(number, judge(answer)); };
    if (http_->submit(call)) return;
    at->forget(number);
    (void)Completion(host(), done, user).finish(undecided(Status::kAgain));
}

// --- groups ---

void CallbackPlugin::members(std::string_view gid, std::string_view domain, sara_members_done done,
                             void* user) {
    LoopDesk* const at = desk();
    if (at == nullptr || at->closed()) return done(user, SARA_E_CLOSED, nullptr, 0);
    if (http_ == nullptr || gid.empty()) return done(user, SARA_E_NOTFOUND, nullptr, 0);
    const std::string key = groupKey(gid, domain);
    const uint64_t now_ms = loop().nowMs();
    if (const auto roster = at->roster(key, now_ms)) {
        counters_.group_hits.add();
        return LoopDesk::complete(done, user, Status::kOk, roster.get());
    }
    const uint64_t number = at->expectMembers(key, done, user);
    const auto found = groups_->find(key, {at->loop(), number}, now_ms);
    if (found.kind == GroupCache::Found::Kind::kKnown ||
        found.kind == GroupCache::Found::Kind::kFull) {
        at->forget(number);
        if (found.roster == nullptr) return done(user, SARA_E_AGAIN, nullptr, 0);
        counters_.group_hits.add();
        at->remember(key, found.roster);
        return LoopDesk::complete(done, user, Status::kOk, found.roster.get());
    }
    counters_.group_misses.add();
    if (found.kind == GroupCache::Found::Kind::kJoined) {
        counters_.group_joined.add();
    } else {
        ask(found.flight, gid, now_ms);
    }
}

void CallbackPlugin::ask(uint64_t flight, std::string_view gid, uint64_t now_ms) {
    auto call = std::make_unique<HttpCall>();
    call->lane = Lane::kGroup;
    call->form = formOf(groupBody(newSn(), gid));
    call->timeOut(steadyMs(), settings_.timeout_ms);
    call->answer_bytes_max = settings_.answer_bytes_max;
    call->retries = settings_.group_retries;
    call->done = [this, flight, now_ms](HttpAnswer&& answer) { settle(flight, answer, now_ms); };
    if (http_->submit(call)) return;
    give(groups_->settle(flight, nullptr), Status::kAgain, nullptr);
    for (const auto& desk : desks_) (void)desk->flush();
}

void CallbackPlugin::settle(uint64_t flight, const HttpAnswer& answer, uint64_t asked_ms) {
    if (answer.status != Status::kOk &&
        (answer.status != Status::kDenied || answer.http_status >= 500)) {
        const Status st = answer.status == Status::kDenied ? Status::kIo : answer.status;
        return give(groups_->settle(flight, nullptr), st, nullptr);
    }
    Answer read;
    if (answer.status == Status::kOk) read = readAnswer(answer.body, settings_.group_members_max);
    if (read.kind != Answer::Kind::kYes || read.users.size() < 2) read.users.clear();
    const uint64_t age_ms =
        read.users.empty() ? settings_.group_negative_ms : settings_.group_cache_ms;
    const auto roster = std::make_shared<const Roster>(read.users, asked_ms + age_ms);
    give(groups_->settle(flight, roster), Status::kOk, roster);
}

void CallbackPlugin::give(const std::vector<GroupCache::Waiter>& waiters, Status status,
                          const std::shared_ptr<const Roster>& roster) {
    for (const auto& waiter : waiters) desks_[waiter.loop]->answer(waiter.call, status, roster);
}

void CallbackPlugin::reload(sara_id token, sara_buf* params) {
    const ReloadParams wanted = readReloadParams(view(params));
    std::string_view problem;
    if (wanted.gid.empty()) {
        problem = R"({"reason":"gid_not_be_empty"})";
    } else if (wanted.domain.empty()) {
        problem = R"({"reason":"domain_not_be_empty"})";
    }
    if (problem.empty()) groups_->forget(groupKey(wanted.gid, wanted.domain));
    const Buffer result = problem.empty() ? Buffer() : Buffer::copyOf(host(), problem);
    (void)host().rpc->reply(host().raw(), token, problem.empty() ? SARA_OK : SARA_E_INVALID,
                            result.get());
}

// --- notices ---

void CallbackPlugin::offline(std::string_view user_jid, sara_buf* packet, uint64_t total) {
    if (outbox_ == nullptr) return;
    outbox_->put(std::string(user_jid), Buffer::share(host(), packet), total, loop().wallMs());
}

}  // namespace sara::auth_callback
