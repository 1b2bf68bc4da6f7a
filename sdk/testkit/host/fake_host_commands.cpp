// Commands and health checks of the fake host: the tables, and how a test asks them.
#include "testkit/host/fake_host.h"

namespace sara::testkit {

// Friend of FakeHost, as FakeHostTables for the rest.
struct FakeCommandTables {
    static FakeHost& of(const sara_host* h) { return *static_cast<FakeHost*>(h->priv); }

    static sara_status commandWith(const sara_host* h, sara_str service, sara_str method, sara_str,
                                   uint32_t flags, sara_command_fn fn, void* user,
                                   sara_id* handle) noexcept {
        const std::pair<std::string, std::string> name(toView(service), toView(method));
        if (handle != nullptr) *handle = 1;
        return of(h).commands_.emplace(name, FakeHost::Command{flags, fn, user}).second
                   ? SARA_OK
                   : SARA_E_EXISTS;
    }
    static sara_status command(const sara_host* h, sara_str service, sara_str method, sara_str help,
                               sara_command_fn fn, void* user, sara_id* handle) noexcept {
        return commandWith(h, service, method, help, 0, fn, user, handle);
    }
    static sara_status reply(const sara_host* h, sara_id token, sara_status st,
                             sara_buf* result) noexcept {
        FakeHost& host = of(h);
        const std::lock_guard lock(host.mutex_);
        const auto at = host.pending_.find(token);
        if (at == host.pending_.end() || at->second.answer.answers != 0) return SARA_E_STALE;
        FakeHost::Pending& p = at->second;
        p.answer = {st, result == nullptr ? "" : std::string(toView(result)), 1};
        if (p.done == nullptr) return SARA_OK;
        if (result != nullptr) p.result = h->buf_ref(h, result);
        return host.loops_[p.loop]->post(&deliver, new Delivery{&host, token});
    }
    static sara_status find(const sara_host* h, sara_str service, sara_str method,
                            uint32_t* flags) noexcept {
        const auto& commands = of(h).commands_;
        const std::string wanted(toView(service));
        const auto at = commands.find({wanted, std::string(toView(method))});
        if (flags != nullptr) *flags = at == commands.end() ? 0 : at->second.flags;
        if (at != commands.end()) return SARA_OK;
        const auto first = commands.lower_bound({wanted, std::string()});
        return first != commands.end() && first->first.first == wanted ? SARA_E_NOTFOUND
                                                                       : SARA_E_UNSUPPORTED;
    }
    static void callWith(const sara_host* h, sara_str service, sara_str method, sara_str,
                         sara_buf* params, uint32_t flags, uint32_t, sara_done done,
                         void* user) noexcept {
        FakeHost& host = of(h);
        const FakeLoop* loop = FakeLoop::current();
        if (loop == nullptr) std::abort();  // [loop]
        const sara_id token = open(host, flags, loop->number(), done, user);
        const auto at =
            host.commands_.find({std::string(toView(service)), std::string(toView(method))});
        if (at == host.commands_.end()) {
            (void)reply(h, token, SARA_E_NOTFOUND, nullptr);
        } else {
            run(host, at->second, token, params);
        }
    }
    static void call(const sara_host* h, sara_str service, sara_str method, sara_str peer,
                     sara_buf* params, uint32_t timeout_ms, sara_done done, void* user) noexcept {
        callWith(h, service, method, peer, params, 0, timeout_ms, done, user);
    }
    static uint32_t callFlags(const sara_host* h, sara_id token) noexcept {
        FakeHost& host = of(h);
        const std::lock_guard lock(host.mutex_);
        return host.running_ == token ? host.pending_[token].flags : 0;
    }

    static sara_id open(FakeHost& host, uint32_t flags, uint32_t loop, sara_done done, void* user) {
        const std::lock_guard lock(host.mutex_);
        const sara_id token = host.next_token_++;
        host.pending_[token] = {{}, flags, loop, done, user, nullptr};
        return token;
    }
    static void run(FakeHost& host, const FakeHost::Command& command, sara_id token,
                    sara_buf* params) {
        host.running_ = token;
        command.fn(command.user, token, params);
        host.running_ = 0;
    }

    struct Delivery {
        FakeHost* host;
        sara_id token;
    };
    static void deliver(void* user) noexcept {
        const std::unique_ptr<Delivery> d(static_cast<Delivery*>(user));
        FakeHost::Pending p;
        {
            const std::lock_guard lock(d->host->mutex_);
            p = d->host->pending_[d->token];
            d->host->pending_.erase(d->token);
        }
        p.done(p.user, p.answer.status, p.result);
        d->host->unref(p.result);
    }

    static sara_status check(const sara_host* h, sara_str name, sara_check_fn fn,
                             void* user) noexcept {
        return of(h).checks_.emplace(std::string(toView(name)), FakeHost::Check{fn, user}).second
                   ? SARA_OK
                   : SARA_E_EXISTS;
    }
    static sara_status visit(const sara_host* h, sara_check_visit_fn fn, void* user) noexcept {
        sara_status all = SARA_OK;
        for (const auto& [name, c] : of(h).checks_) {
            sara_check_answer answer{sizeof answer, SARA_OK, toStr(name), {nullptr, 0}};
            answer.status = c.fn(c.user, &answer.why);
            if (all == SARA_OK) all = answer.status;
            fn(user, &answer);
        }
        return all;
    }
};

namespace {

using T = FakeCommandTables;
const sara_rpc kRpc{sizeof(sara_rpc), 0,       T::command,  T::reply,    T::call,
                    T::commandWith,   T::find, T::callWith, T::callFlags};
const sara_health kHealth{sizeof(sara_health), 0, T::check, T::visit};

}  // namespace

void FakeHost::fillCommandTables() {
    extensions_[SARA_EXT_RPC] = &kRpc;
    extensions_[SARA_EXT_HEALTH] = &kHealth;
}

FakeHost::CommandAnswer FakeHost::command(std::string_view service, std::string_view method,
                                          std::string_view params, bool trusted, uint32_t number) {
    const auto at = commands_.find({std::string(service), std::string(method)});
    if (at == commands_.end()) return {};
    const sara_id token = FakeCommandTables::open(*this, trusted ? uint32_t{SARA_RPC_TRUSTED} : 0U,
                                                  number, nullptr, nullptr);
    sara_buf* buf = buffer(params);
    struct Run {
        FakeHost* host;
        const Command* command;
        sara_id token;
        sara_buf* params;
    } run{this, &at->second, token, buf};
    (void)loops_[number]->post(
        [](void* user) noexcept {
            const auto& r = *static_cast<Run*>(user);
            FakeCommandTables::run(*r.host, *r.command, r.token, r.params);
        },
        &run);
    (void)runUntil([&] {
        const std::lock_guard lock(mutex_);
        return pending_[token].answer.answers != 0;
    });
    unref(buf);
    const std::lock_guard lock(mutex_);
    const CommandAnswer answer = pending_[token].answer;
    pending_.erase(token);
    return answer;
}

std::pair<sara_status, std::string> FakeHost::check(std::string_view name) const {
    const auto at = checks_.find(std::string(name));
    if (at == checks_.end()) return {SARA_E_UNSUPPORTED, "no such check"};
    sara_str why{nullptr, 0};
    const sara_status st = at->second.fn(at->second.user, &why);
    return {st, std::string(toView(why))};
}

}  // namespace sara::testkit
