#include "store-embedded/plugin.h"

#include <new>

namespace sara::store_embedded {
namespace {

// How long a loop waits for the writer at its end, unless drain() gave a deadline.
constexpr std::chrono::milliseconds kCloseWait{2000};

Plugin* of(void* self) { return static_cast<Plugin*>(self); }

void append(void* self, const sara_store_packet* p, sara_append_done done, void* user) noexcept {
    if (LoopDesk* desk = of(self)->desk()) desk->append(*p, done, user);
}

void fetch(void* self, sara_str user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
           sara_fetch_done done, void* user) noexcept {
    if (LoopDesk* desk = of(self)->desk()) {
        desk->fetch(user_jid, after_seq, count, bytes_max, done, user);
    }
}

void drop(void* self, sara_str user_jid, const sara_stored_ref* refs, uint32_t n, sara_done done,
          void* user) noexcept {
    if (LoopDesk* desk = of(self)->desk()) desk->drop(user_jid, refs, n, done, user);
}

uint32_t promise(void*) noexcept { return SARA_PROMISE_DURABLE; }

sara_status health(void* self) noexcept { return of(self)->health(); }

uint64_t waiting(void* self) noexcept {
    const LoopDesk* desk = of(self)->desk();
    return desk != nullptr ? desk->waiting() : 0;
}

const sara_store kStore{sizeof(sara_store),
                        0,
                        append,
                        fetch,
                        drop,
                        nullptr,
                        nullptr,
                        nullptr,
                        promise,
                        health,
                        waiting};

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
    desc->stop = [](void* self) noexcept { of(self)->stop(); };
    desc->destroy = [](void* self) noexcept { delete of(self); };
    desc->get_service = [](void*, const char* id) noexcept -> const void* {
        return std::string_view(id) == SARA_SVC_STORE ? &kStore : nullptr;
    };
    desc->status_line = [](void* self) noexcept { return of(self)->statusLine(); };
}

sara_status Plugin::init() {
    if (!host_.bind()) {
        host_.setError("store-embedded needs the extension " SARA_EXT_LOOP);
        return SARA_E_UNSUPPORTED;
    }
    settings_ = readSettings(host_);
    intake_ = std::make_unique<Intake>(settings_.queue_operations_max, settings_.queue_bytes_max);
    for (uint32_t i = 0; i < host_.table()->loop_count; ++i) {
        desks_.push_back(std::make_unique<LoopDesk>(host_, *intake_, i));
    }
    return SARA_OK;
}

sara_status Plugin::loopStart(uint32_t loop, void** state) {
    *state = desks_[loop].get();
    if (loop != 0) return SARA_OK;
    const uint64_t every_ms = settings_.sweep_interval_s * 1000;
    sweep_timer_ = host_.loop().timer(
        host_.table(), every_ms, every_ms,
        [](void* desk) noexcept { static_cast<LoopDesk*>(desk)->sweep(); }, desks_[0].get());
    if (sweep_timer_ != 0) return SARA_OK;
    host_.setError("store-embedded got no timer for its sweep");
    return SARA_E_FULL;
}

sara_status Plugin::start() {
    std::string error = datadir_.open(settings_.datadir);
    if (error.empty()) {
        writer_ = std::make_unique<Writer>(host_, settings_, databaseEnv(), *intake_);
        error = writer_->start(desks_);
    }
    if (!error.empty()) {
        host_.setError(error);
        return SARA_E_IO;
    }
    status_line_ = "embedded " + settings_.datadir;
    return SARA_OK;
}

void Plugin::drain(uint32_t deadline_ms) {
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
}

void Plugin::loopStop(uint32_t loop) {
    if (loop == 0) host_.loop().timer_cancel(host_.table(), sweep_timer_);
    auto deadline = deadline_;
    if (deadline == decltype(deadline){}) deadline = std::chrono::steady_clock::now() + kCloseWait;
    // Without a writer nothing would ever come back.
    if (health() == SARA_E_CLOSED) deadline = std::chrono::steady_clock::now();
    desks_[loop]->close(deadline);
}

void Plugin::stop() {
    writer_.reset();
    datadir_.unlock();
}

LoopDesk* Plugin::desk() const {
    const uint32_t loop = host_.table()->this_loop(host_.table());
    return loop < desks_.size() ? desks_[loop].get() : nullptr;
}

}  // namespace sara::store_embedded
