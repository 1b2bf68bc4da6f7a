#include "store-redis/plugin.h"

#include <algorithm>
#include <new>

#include "store-redis/survey.h"

namespace sara::store_redis {
namespace {

// How long a loop waits for Redis at its end, unless drain() gave a deadline.
constexpr std::chrono::milliseconds kCloseWait{2000};
// How long the start may ask Redis what it is worth.
constexpr uint64_t kSurveyMs = 1500;

Plugin* of(void* self) { return static_cast<Plugin*>(self); }

void append(void* self, const sara_store_packet* p, sara_append_done done, void* user) noexcept {
    if (Desk* desk = of(self)->desk()) desk->append(*p, done, user);
}

void fetch(void* self, sara_str user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
           sara_fetch_done done, void* user) noexcept {
    if (Desk* desk = of(self)->desk()) {
        desk->fetch(user_jid, after_seq, count, bytes_max, done, user);
    }
}

void drop(void* self, sara_str user_jid, const sara_stored_ref* refs, uint32_t n, sara_done done,
          void* user) noexcept {
    if (Desk* desk = of(self)->desk()) desk->drop(user_jid, refs, n, done, user);
}

void claim(void* self, const sara_presence* p, sara_presence_done done, void* user) noexcept {
    if (Desk* desk = of(self)->desk()) desk->claim(*p, done, user);
}

void release(void* self, const sara_presence* p, sara_done done, void* user) noexcept {
    if (Desk* desk = of(self)->desk()) desk->release(*p, done, user);
}

void lookup(void* self, sara_str user_jid, sara_presence_done done, void* user) noexcept {
    if (Desk* desk = of(self)->desk()) desk->lookup(user_jid, done, user);
}

uint32_t promise(void* self) noexcept { return of(self)->promise(); }

sara_status health(void* self) noexcept { return of(self)->health(); }

uint64_t waiting(void* self) noexcept {
    const Desk* desk = of(self)->desk();
    return desk != nullptr ? desk->waiting() : 0;
}

const sara_store kStore{
    sizeof(sara_store), 0, append, fetch, drop, claim, release, lookup, promise, health, waiting};

// Memory is the only thing that can throw below; an instance without it is better refused than half
// there.
template <class Fn>
sara_status guarded(Fn fn) noexcept {
    try {
        return fn();
    } catch (const std::bad_alloc&) {
        return SARA_E_NOMEM;
    } catch (...) {
        return SARA_E_PLUGIN;
    }
}

sara_status create(const sara_host* host, void** self) noexcept {
    return guarded([&] {
        *self = new Plugin(host);
        return SARA_OK;
    });
}

}  // namespace

void fillLifeCycle(sara_plugin_desc* desc) {
    desc->struct_size = sizeof(sara_plugin_desc);
    desc->abi_major = SARA_ABI_MAJOR;
    desc->abi_minor = SARA_ABI_MINOR;
    desc->create = create;
    desc->init = [](void* self) noexcept { return guarded([&] { return of(self)->init(); }); };
    desc->loop_start = [](void* self, uint32_t loop, void** state) noexcept {
        return guarded([&] { return of(self)->loopStart(loop, state); });
    };
    desc->start = [](void* self) noexcept { return guarded([&] { return of(self)->start(); }); };
    desc->drain = [](void* self, uint32_t ms) noexcept { of(self)->drain(ms); };
    desc->loop_stop = [](void* self, uint32_t loop, void*) noexcept { of(self)->loopStop(loop); };
    desc->stop = [](void*) noexcept {};
    desc->destroy = [](void* self) noexcept { delete of(self); };
    desc->get_service = [](void*, const char* id) noexcept -> const void* {
        return std::string_view(id) == SARA_SVC_STORE ? &kStore : nullptr;
    };
    desc->status_line = [](void* self) noexcept { return of(self)->statusLine(); };
}

sara_status Plugin::init() {
    std::string error;
    if (!host_.bind()) {
        host_.setError("store-redis needs the extension " SARA_EXT_LOOP);
        return SARA_E_UNSUPPORTED;
    }
    if (!readSettings(host_, &settings_, &error)) {
        host_.setError(error);
        return SARA_E_INVALID;
    }
    if (settings_.tls && (tls_ = makeTlsContext(settings_, &error)) == nullptr) {
        host_.setError(error);
        return SARA_E_INVALID;
    }
    if (settings_.pool < host_.table()->loop_count) {
        host_.log(SARA_LOG_WARN, "key \"dbpool\": found " + std::to_string(settings_.pool) +
                                     ", but each of the " +
                                     std::to_string(host_.table()->loop_count) +
                                     " loops needs a connection of its own");
    }
    around_ = std::make_unique<Surroundings>(Surroundings{host_, settings_, tls_.get()});
    for (uint32_t i = 0; i < host_.table()->loop_count; ++i) {
        desks_.push_back(std::make_unique<Desk>(*around_, i));
    }
    registry_ = std::make_unique<Registry>(*around_, desks_);
    for (const Address& address : settings_.addresses) {
        status_line_ += (status_line_.empty() ? "redis " : ",") + address.text();
    }
    return SARA_OK;
}

sara_status Plugin::loopStart(uint32_t loop, void** state) {
    *state = desks_[loop].get();
    if (loop == 0) {
        desks_[0]->onTick([](void* self) noexcept { static_cast<Registry*>(self)->tick(); },
                          registry_.get());
    }
    if (desks_[loop]->start()) return SARA_OK;
    host_.setError("store-redis got no timer");
    return SARA_E_FULL;
}

sara_status Plugin::start() {
    const Survey found =
        survey(settings_, tls_.get(), std::min(kSurveyMs, settings_.call_timeout_ms));
    for (const std::string& warning : found.warnings) {
        host_.log(SARA_LOG_WARN, warning);
    }
    if (found.reached) host_.log(SARA_LOG_INFO, found.summary);
    if (found.durable) promise_ |= SARA_PROMISE_DURABLE;
    return SARA_OK;
}

void Plugin::drain(uint32_t deadline_ms) {
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
}

void Plugin::loopStop(uint32_t loop) {
    auto deadline = deadline_;
    if (deadline == decltype(deadline){}) deadline = std::chrono::steady_clock::now() + kCloseWait;
    if (loop == 0) registry_->leave();
    desks_[loop]->close(deadline);
}

Desk* Plugin::desk() const {
    const uint32_t loop = host_.table()->this_loop(host_.table());
    return loop < desks_.size() ? desks_[loop].get() : nullptr;
}

sara_status Plugin::health() const {
    for (const auto& desk : desks_) {
        if (const sara_status status = desk->health(); status != SARA_OK) return status;
    }
    return desks_.empty() ? SARA_E_CLOSED : SARA_OK;
}

}  // namespace sara::store_redis
