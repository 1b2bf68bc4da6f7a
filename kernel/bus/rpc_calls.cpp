#include "bus/rpc_calls.h"

#include <Poco/JSONString.h>

#include <algorithm>

namespace sara::bus {
namespace {

std::string keyOf(std::string_view service, std::string_view method) {
    std::string key(service);
    key += '\n';
    key += method;
    return key;
}

bool nameIsValid(std::string_view s) {
    return !s.empty() && s.size() <= RpcCalls::kNameBytesMax &&
           std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

sara_str view(const std::string& s) { return {s.data(), s.size()}; }
sara_buf* abi(loop::Buffer* b) { return reinterpret_cast<sara_buf*>(b); }

// The reason of a refusal as a JSON string.
loop::Buffer* reasonText(sara_str reason) {
    if (reason.len == 0) return nullptr;
    const std::string text = Poco::toJSON(std::string(reason.ptr, reason.len));
    loop::Buffer* b = loop::newBuffer(text.size());
    if (b != nullptr) std::copy(text.begin(), text.end(), b->bytes());
    return b;
}

}  // namespace

thread_local sara_id RpcCalls::running_token_ = 0;
thread_local uint32_t RpcCalls::running_flags_ = 0;

RpcCalls::RpcCalls(loop::LoopSet& loops, HookRunner& hooks)
    : loops_(loops), hooks_(hooks), pool_(loops.size(), kCallsMax), no_params_(loop::newBuffer(2)) {
    if (no_params_) std::copy_n("{}", 2, no_params_->bytes());
    published_.push_back(std::make_unique<const Commands>());
    current_.store(published_.back().get(), std::memory_order_release);
    auto& counters = loop::Counters::instance();
    full_ = counters.define(loop::CounterKind::kCounter, "rpc_calls_refused_total",
                            "rpc calls refused at rpc_calls_max");
    timeouts_ = counters.define(loop::CounterKind::kCounter, "rpc_timeouts_total",
                                "rpc calls that no command answered in time");
}

RpcCalls::~RpcCalls() = default;

// --- commands ---

template <class F>
void RpcCalls::change(F f) {
    auto next = std::make_unique<Commands>(*current_.load(std::memory_order_acquire));
    f(*next);
    published_.push_back(std::move(next));
    current_.store(published_.back().get(), std::memory_order_release);
}

bool RpcCalls::add(std::string_view service, std::string_view method, std::string_view help,
                   sara_command_fn fn, void* user) {
    return addFor(nullptr, 0, "kernel", service, method, help, 0, fn, user) == SARA_OK;
}

sara_status RpcCalls::addFor(const Instance* owner, sara_id handle, const std::string& plugin,
                             std::string_view service, std::string_view method,
                             std::string_view help, uint32_t flags, sara_command_fn fn,
                             void* user) {
    if (!nameIsValid(service) || !nameIsValid(method) || fn == nullptr) return SARA_E_INVALID;
    const Commands& now = *current_.load(std::memory_order_acquire);
    const std::string key = keyOf(service, method);
    if (now.contains(key)) return SARA_E_EXISTS;
    if (now.size() >= kCommandsMax) return SARA_E_FULL;
    change([&](Commands& commands) {
        Row row{std::string(service), std::string(method), std::string(help), plugin};
        commands.emplace(key, Command{std::move(row), owner, handle, flags, fn, user});
    });
    return SARA_OK;
}

bool RpcCalls::remove(const Instance* owner, sara_id handle) {
    size_t removed = 0;
    change([&](Commands& commands) {
        removed = std::erase_if(commands, [&](const auto& c) {
            return c.second.owner == owner && c.second.handle == handle;
        });
    });
    return removed != 0;
}

void RpcCalls::removeAll(const Instance* owner) {
    change([&](Commands& commands) {
        std::erase_if(commands, [&](const auto& c) { return c.second.owner == owner; });
    });
}

std::vector<RpcCommands::Row> RpcCalls::list() const {
    std::vector<Row> rows;
    for (const auto& [key, command] : *current_.load(std::memory_order_acquire)) {
        rows.push_back(command.row);
    }
    return rows;
}

sara_status RpcCalls::find(std::string_view service, std::string_view method,
                           uint32_t* flags) const {
    const Commands& now = *current_.load(std::memory_order_acquire);
    if (flags != nullptr) *flags = 0;
    if (!nameIsValid(service)) return SARA_E_UNSUPPORTED;
    if (nameIsValid(method)) {
        const auto at = now.find(keyOf(service, method));
        if (at != now.end()) {
            if (flags != nullptr) *flags = at->second.flags;
            return SARA_OK;
        }
    }
    const std::string prefix = keyOf(service, "");
    const auto first = now.lower_bound(prefix);
    return first != now.end() && first->first.starts_with(prefix) ? SARA_E_NOTFOUND
                                                                  : SARA_E_UNSUPPORTED;
}

// --- calls ---

void RpcCalls::call(std::string_view service, std::string_view method, std::string_view peer,
                    sara_buf* params, uint32_t timeout_ms, sara_done done, void* user) {
    callFor(nullptr, service, method, peer, params, 0, timeout_ms, done, user);
}

void RpcCalls::onRefused(void* user, uint64_t done, uint64_t st) noexcept {
    reinterpret_cast<sara_done>(done)(user, static_cast<sara_status>(st), nullptr);
}

// Completes a call that got no record, without needing memory.
void RpcCalls::refuse(sara_done done, void* user, sara_status st) {
    loop::EventLoop* loop = loop::EventLoop::current();
    const loop::Post post{&RpcCalls::onRefused, user, reinterpret_cast<uint64_t>(done),
                          static_cast<uint64_t>(static_cast<int64_t>(st))};
    // Off the loops, or on one that has stopped, there is no later: exactly once is what can be
    // kept.
    if (loop == nullptr || !loop->post(post, loop::PostClass::kReply)) done(user, st, nullptr);
}

void RpcCalls::callFor(const Instance* asker, std::string_view service, std::string_view method,
                       std::string_view peer, sara_buf* params, uint32_t flags, uint32_t timeout_ms,
                       sara_done done, void* user) {
    loop::EventLoop* loop = loop::EventLoop::current();
    if (loop == nullptr) return refuse(done, user, SARA_E_THREAD);
    if (closed_.load(std::memory_order_relaxed)) return refuse(done, user, SARA_E_CLOSED);
    if (timeout_ms == 0 || timeout_ms > kTimeoutMsMax) return refuse(done, user, SARA_E_INVALID);
    if (!nameIsValid(service) || !nameIsValid(method)) return refuse(done, user, SARA_E_NOTFOUND);
    Call* c = nullptr;
    if (open_.fetch_add(1, std::memory_order_relaxed) < kCallsMax) c = pool_.take(loop->index());
    if (c != nullptr) c->timer = loop->startTimer(timeout_ms, 0, &RpcCalls::onTimeout, c);
    if (c == nullptr || c->timer == 0) {
        if (c != nullptr) pool_.give(c);
        open_.fetch_sub(1, std::memory_order_relaxed);
        full_.add();
        return refuse(done, user, SARA_E_FULL);
    }
    c->table = this;
    c->asker = asker;
    c->answerer.store(nullptr, std::memory_order_relaxed);
    c->done = done;
    c->user = user;
    c->service.assign(service);
    c->method.assign(method);
    c->peer.assign(peer.substr(0, kNameBytesMax));
    c->flags = flags;
    c->params = loop::refBuffer(params != nullptr ? reinterpret_cast<loop::Buffer*>(params)
                                                  : no_params_.get());
    c->status = SARA_OK;
    c->result = nullptr;
    const sara_id token = c->arm();
    if (!hooks_.any(kRpcCall)) return dispatch(*c);
    sara_ev_rpc ev{};
    ev.service = view(c->service);
    ev.method = view(c->method);
    ev.peer = view(c->peer);
    ev.params = abi(c->params);
    const sara_verdict v = hooks_.emit(kRpcCall, &ev.h, &RpcCalls::onFiltered, c, token);
    if (v != SARA_SUSPEND) decide(*c, &ev.h, v);
}

void RpcCalls::onFiltered(void* user, uint64_t token, sara_event* ev, sara_verdict v) noexcept {
    auto& c = *static_cast<Call*>(user);
    // The caller may have got his timeout meanwhile, and the record another call.
    if (c.token() != token || c.state() != Ticket::kArmed) return;
    c.table->decide(c, ev, v);
}

void RpcCalls::decide(Call& c, sara_event* ev, sara_verdict v) {
    if (v == SARA_PASS || v == SARA_ACCEPT) return dispatch(c);
    if (v == SARA_DONE) return answerLater(c, SARA_OK, nullptr);
    answerLater(c, SARA_E_DENIED, reasonText(reasonOf(kRpcCall, ev)));
}

void RpcCalls::dispatch(Call& c) {
    const Commands& now = *current_.load(std::memory_order_acquire);
    const auto at = now.find(keyOf(c.service, c.method));
    if (at == now.end()) return answerLater(c, SARA_E_NOTFOUND, nullptr);
    const Command& command = at->second;
    c.answerer.store(command.owner, std::memory_order_relaxed);
    const sara_id token = c.token();
    // A command may call another one: what runs outside of it comes back.
    const sara_id outer_token = std::exchange(running_token_, token);
    const uint32_t outer_flags = std::exchange(running_flags_, c.flags);
    command.fn(command.user, token, abi(c.params));
    running_token_ = outer_token;
    running_flags_ = outer_flags;
}

// [loop] The answer of the table itself.
void RpcCalls::answerLater(Call& c, sara_status st, loop::Buffer* result) {
    if (!c.claim(c.generation())) return loop::unrefBuffer(result);
    c.status = st;
    c.result = result;
    const loop::Post post{&RpcCalls::onAnswer, this, reinterpret_cast<uint64_t>(&c), 0};
    if (loops_.at(c.loop).post(post, loop::PostClass::kReply)) return;
    c.result = nullptr;
    loop::unrefBuffer(result);
    c.unclaim();  // the loop has stopped: finishCalls() completes it
}

sara_status RpcCalls::reply(sara_id token, sara_status st, sara_buf* result) {
    return replyFor(nullptr, token, st, result);
}

sara_status RpcCalls::replyFor(const Instance* owner, sara_id token, sara_status st,
                               sara_buf* result) {
    Call* c = pool_.claim(token, [&](const Call& r) { return r.answerer.load() == owner; });
    if (c == nullptr) return SARA_E_STALE;
    c->status = st;
    c->result =
        result != nullptr ? loop::refBuffer(reinterpret_cast<loop::Buffer*>(result)) : nullptr;
    const loop::Post post{&RpcCalls::onAnswer, this, reinterpret_cast<uint64_t>(c), 0};
    if (loops_.at(c->loop).post(post, loop::PostClass::kReply)) return SARA_OK;
    loop::unrefBuffer(std::exchange(c->result, nullptr));
    c->unclaim();
    return SARA_E_CLOSED;
}

void RpcCalls::onAnswer(void* self, uint64_t call, uint64_t) noexcept {
    static_cast<RpcCalls*>(self)->complete(*reinterpret_cast<Call*>(call));
}

void RpcCalls::onTimeout(void* user) noexcept {
    auto& c = *static_cast<Call*>(user);
    c.timer = 0;
    if (!c.claim(c.generation())) return;  // the answer is under way
    c.table->timeouts_.add();
    c.status = SARA_E_TIMEOUT;
    c.table->complete(c);
}

// Ends a call whose token has been claimed.
void RpcCalls::complete(Call& c) {
    if (c.timer != 0) loops_.at(c.loop).cancelTimer(c.timer);
    c.timer = 0;
    const sara_done done = c.done;
    void* const user = c.user;
    const sara_status st = c.status;
    const loop::BufferRef result(std::exchange(c.result, nullptr));
    loop::unrefBuffer(std::exchange(c.params, nullptr));
    c.disarm();
    open_.fetch_sub(1, std::memory_order_relaxed);
    pool_.give(&c);
    done(user, st, abi(result.get()));
}

void RpcCalls::finishCalls(uint32_t loop, const Instance* party) {
    std::vector<Call*> open;
    pool_.forEachArmed(loop, [&](Call& c) {
        if (party == nullptr || c.asker == party || c.answerer.load() == party) open.push_back(&c);
    });
    for (Call* c : open) {
        if (!c->claim(c->generation())) continue;
        c->status = SARA_E_CLOSED;
        complete(*c);
    }
}

}  // namespace sara::bus
