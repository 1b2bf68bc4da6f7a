// The C tables of the fake host: thin functions that find the FakeHost behind sara_host.priv.
#include <cstdlib>
#include <cstring>

#include "testkit/host/fake_host.h"

namespace sara::testkit {
namespace {

// ---- buffers: the public prefix first, bytes behind the struct unless wrapped.
struct FakeBuf : sara_buf {
    std::atomic<int64_t> refs{1};
    sara_fn free_fn = nullptr;
    void* free_user = nullptr;
    std::atomic<int64_t>* alive = nullptr;
};

}  // namespace

// Friend of FakeHost; one function per table member.
struct FakeHostTables {
    static FakeHost& of(const sara_host* h) { return *static_cast<FakeHost*>(h->priv); }
    static bool takeBuffer(FakeHost& host) {
        const int64_t left = host.buffers_left_.load();
        if (left < 0) return true;
        if (left == 0) return false;
        host.buffers_left_.store(left - 1);
        return true;
    }
    static sara_buf* bufNew(const sara_host* h, uint64_t len, uint8_t** writable) noexcept {
        FakeHost& host = of(h);
        if (!takeBuffer(host)) return nullptr;
        auto* bytes = static_cast<uint8_t*>(std::malloc(len > 0 ? len : 1));
        if (bytes == nullptr) return nullptr;
        auto* buf = new FakeBuf;
        buf->data = bytes;
        buf->len = len;
        buf->free_fn = [](void* p) noexcept { std::free(p); };
        buf->free_user = bytes;
        buf->alive = &host.buffers_alive_;
        host.buffers_alive_.fetch_add(1);
        *writable = bytes;
        return buf;
    }
    static sara_buf* bufWrap(const sara_host* h, const void* p, uint64_t len, sara_fn free_fn,
                             void* user) noexcept {
        FakeHost& host = of(h);
        if (!takeBuffer(host)) return nullptr;
        auto* buf = new FakeBuf;
        buf->data = static_cast<const uint8_t*>(p);
        buf->len = len;
        buf->free_fn = free_fn;
        buf->free_user = user;
        buf->alive = &host.buffers_alive_;
        host.buffers_alive_.fetch_add(1);
        return buf;
    }
    static sara_buf* bufRef(const sara_host*, sara_buf* b) noexcept {
        static_cast<FakeBuf*>(b)->refs.fetch_add(1, std::memory_order_relaxed);
        return b;
    }
    static void bufUnref(const sara_host*, sara_buf* b) noexcept {
        auto* buf = static_cast<FakeBuf*>(b);
        if (buf == nullptr || buf->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        if (buf->free_fn != nullptr) buf->free_fn(buf->free_user);
        buf->alive->fetch_sub(1);
        delete buf;
    }

    // ---- host
    static const void* getExtension(const sara_host* h, const char* id) noexcept {
        const auto& all = of(h).extensions_;
        const auto it = all.find(id);
        return it == all.end() ? nullptr : it->second;
    }
    static void setError(const sara_host* h, sara_str text) noexcept {
        FakeHost& host = of(h);
        const std::lock_guard lock(host.mutex_);
        host.error_ = std::string(toView(text));
    }
    static uint32_t thisLoop(const sara_host* h) noexcept {
        const FakeLoop* loop = FakeLoop::current();
        return loop != nullptr && loop->host() == h ? loop->number() : UINT32_MAX;
    }

    // ---- sara.log/1
    static int32_t logEnabled(const sara_host* h, int32_t level) noexcept {
        return level <= of(h).options_.log_level ? 1 : 0;
    }
    static void logWrite(const sara_host* h, int32_t level, sara_str text) noexcept {
        FakeHost& host = of(h);
        if (level > host.options_.log_level) return;
        const std::lock_guard lock(host.mutex_);
        if (host.log_.size() < 100'000) host.log_.push_back({level, std::string(toView(text))});
    }

    // ---- sara.metrics/1
    static uint32_t metricDefine(const sara_host* h, uint32_t kind, sara_str name,
                                 sara_str help) noexcept {
        FakeHost& host = of(h);
        const std::lock_guard lock(host.mutex_);
        for (uint32_t i = 0; i < host.metrics_.size(); ++i) {
            if (host.metrics_[i].name != toView(name)) continue;
            return host.metrics_[i].kind == kind ? i : UINT32_MAX;
        }
        auto& metric = host.metrics_.emplace_back();
        metric.name = std::string(toView(name));
        metric.kind = kind;
        metric.help = std::string(toView(help));
        host.metrics_count_.store(static_cast<uint32_t>(host.metrics_.size()));
        return static_cast<uint32_t>(host.metrics_.size() - 1);
    }
    static void metricAdd(const sara_host* h, uint32_t metric, int64_t v) noexcept {
        FakeHost& host = of(h);
        // A deque grows without moving what is there; define() happens before loops run.
        if (metric >= host.metrics_count_.load()) return;
        host.metrics_[metric].value.fetch_add(v, std::memory_order_relaxed);
    }

    static void metricVisit(const sara_host* h, sara_metric_fn fn, void* user) noexcept {
        FakeHost& host = of(h);
        std::map<std::string, const FakeHost::Metric*> sorted;
        {
            const std::lock_guard lock(host.mutex_);
            for (const auto& m : host.metrics_) sorted.emplace(m.name, &m);
        }
        for (const auto& [name, m] : sorted) {
            const sara_metric_value value{sizeof value, m->kind, toStr(name), toStr(m->help),
                                          m->value.load()};
            fn(user, &value);
        }
    }

    // ---- sara.config/1
    static const FakeHost::Value* value(const sara_host* h, const char* key) {
        const auto& config = of(h).config_;
        const auto it = config.find(key);
        return it == config.end() ? nullptr : &it->second;
    }
    static sara_status getStr(const sara_host* h, const char* key, sara_str* out) noexcept {
        const auto* v = value(h, key);
        if (v == nullptr) return SARA_E_NOTFOUND;
        if (v->kind != FakeHost::Value::kString) return SARA_E_INVALID;
        *out = toStr(v->text);
        return SARA_OK;
    }
    static sara_status getInt(const sara_host* h, const char* key, int64_t* out) noexcept {
        const auto* v = value(h, key);
        if (v == nullptr) return SARA_E_NOTFOUND;
        if (v->kind != FakeHost::Value::kInt) return SARA_E_INVALID;
        *out = v->number;
        return SARA_OK;
    }
    static sara_status getBool(const sara_host* h, const char* key, int32_t* out) noexcept {
        const auto* v = value(h, key);
        if (v == nullptr) return SARA_E_NOTFOUND;
        if (v->kind != FakeHost::Value::kBool) return SARA_E_INVALID;
        *out = v->number != 0 ? 1 : 0;
        return SARA_OK;
    }
    static sara_status getJson(const sara_host* h, sara_str* out) noexcept {
        *out = toStr(of(h).config_text_);
        return SARA_OK;
    }

    // ---- sara.loop/1; called on another thread than a loop's these do nothing and say so.
    static uint64_t nowMs(const sara_host* h) noexcept { return of(h).clock_.nowMs(); }
    static uint64_t wallMs(const sara_host* h) noexcept { return of(h).clock_.wallMs(); }
    static sara_id timer(const sara_host*, uint64_t delay, uint64_t period, sara_fn fn,
                         void* user) noexcept {
        FakeLoop* loop = FakeLoop::current();
        return loop != nullptr ? loop->timer(delay, period, fn, user) : 0;
    }
    static void timerCancel(const sara_host*, sara_id id) noexcept {
        if (FakeLoop* loop = FakeLoop::current()) loop->cancel(id);
    }
    static sara_id watch(const sara_host*, int32_t fd, uint32_t events, sara_io_fn fn,
                         void* user) noexcept {
        FakeLoop* loop = FakeLoop::current();
        return loop != nullptr ? loop->watch(fd, events, fn, user) : 0;
    }
    static sara_status rewatch(const sara_host*, sara_id id, uint32_t events) noexcept {
        FakeLoop* loop = FakeLoop::current();
        return loop != nullptr ? loop->rewatch(id, events) : SARA_E_THREAD;
    }
    static void unwatch(const sara_host*, sara_id id) noexcept {
        if (FakeLoop* loop = FakeLoop::current()) loop->unwatch(id);
    }
    static void atTurnEnd(const sara_host*, sara_fn fn, void* user) noexcept {
        if (FakeLoop* loop = FakeLoop::current()) loop->atTurnEnd(fn, user);
    }
    static sara_status post(const sara_host* h, uint32_t loop, sara_fn fn, void* user) noexcept {
        FakeHost& host = of(h);
        if (loop >= host.loops_.size()) return SARA_E_INVALID;
        return host.loops_[loop]->post(fn, user);
    }
    static sara_status work(const sara_host*, sara_fn job, sara_fn done, void* user) noexcept {
        FakeLoop* loop = FakeLoop::current();
        return loop != nullptr ? loop->work(job, done, user) : SARA_E_THREAD;
    }

    // ---- sara.services/1
    static const sara_service* find(const sara_host* h, const char* id) noexcept {
        const auto& all = of(h).services_;
        const auto it = all.find(id);
        return it == all.end() ? nullptr : it->second.get();
    }
};

namespace {

const sara_log kLog{sizeof(sara_log), 0, FakeHostTables::logEnabled, FakeHostTables::logWrite};
const sara_metrics kMetrics{sizeof(sara_metrics), 0, FakeHostTables::metricDefine,
                            FakeHostTables::metricAdd, FakeHostTables::metricVisit};
const sara_config kConfig{sizeof(sara_config),     0,
                          FakeHostTables::getStr,  FakeHostTables::getInt,
                          FakeHostTables::getBool, FakeHostTables::getJson};
const sara_services kServices{sizeof(sara_services), 0, FakeHostTables::find};
const sara_loop kLoop{sizeof(sara_loop),       0,
                      FakeHostTables::nowMs,   FakeHostTables::wallMs,
                      FakeHostTables::timer,   FakeHostTables::timerCancel,
                      FakeHostTables::watch,   FakeHostTables::rewatch,
                      FakeHostTables::unwatch, FakeHostTables::atTurnEnd,
                      FakeHostTables::post,    FakeHostTables::work};

}  // namespace

void FakeHost::fillTable() {
    using T = FakeHostTables;
    sara_host& t = table_;
    t.struct_size = sizeof(sara_host);
    t.abi_major = SARA_ABI_MAJOR;
    t.abi_minor = SARA_ABI_MINOR;
    t.server_name = "sara";
    t.server_version = "1.0.0";
    t.node_id = options_.node_id.c_str();
    t.instance = options_.instance.c_str();
    t.loop_count = static_cast<uint32_t>(loops_.size());
    t.priv = this;
    t.get_extension = T::getExtension;
    t.set_error = T::setError;
    t.this_loop = T::thisLoop;
    t.buf_new = T::bufNew;
    t.buf_wrap = T::bufWrap;
    t.buf_ref = T::bufRef;
    t.buf_unref = T::bufUnref;
    extensions_ = {{SARA_EXT_LOG, &kLog},
                   {SARA_EXT_METRICS, &kMetrics},
                   {SARA_EXT_CONFIG, &kConfig},
                   {SARA_EXT_LOOP, &kLoop},
                   {SARA_EXT_SERVICES, &kServices}};
    fillCommandTables();
}

}  // namespace sara::testkit
