// sara/plugin.hpp - start here. Derive from sara::Plugin, override what you need, write
// SARA_PLUGIN(YourClass) and build with sara_add_plugin(). The macro makes the descriptor, the
// exported function and the manifest section; every entry from the host passes an exception
// barrier: a throw becomes SARA_E_PLUGIN with its text.
//
//   class Hello : public sara::Plugin {
//       sara::Result<void> init() override {
//           return hooks().onPacketIn([this](sara::PacketEvent& e) {
//               log().debug("packet from ", e.from());
//               return sara::Verdict::kPass;
//           });
//       }
//   };
//   SARA_PLUGIN(Hello)
#pragma once
#include <sara/config.hpp>
#include <sara/health.hpp>
#include <sara/hooks.hpp>
#include <sara/jid.hpp>
#include <sara/log.hpp>
#include <sara/loop.hpp>
#include <sara/metrics.hpp>
#include <sara/rpc.hpp>
#include <sara/services.hpp>
#include <string>

namespace sara {

namespace detail {
template <class P>
struct Entry;
}

// One instance of a plugin. Its constructor may allocate, nothing else: host() works from init()
// on.
class Plugin {
  public:
    virtual ~Plugin() = default;
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    // [control] Read the config, find services, subscribe.
    virtual Result<void> init() { return {}; }
    // [loop] Once per loop, before start(): make the state of this loop.
    virtual Result<void> loopStart(uint32_t /*loop*/) { return {}; }
    // [control] Connect, open files, start own threads, listen.
    virtual Result<void> start() { return {}; }
    // [control] Stop accepting, finish what is under way within deadline_ms. Returns at once.
    virtual void drain(uint32_t /*deadline_ms*/) {}
    // [loop] Once per loop. Drop the timers and watches of this loop here.
    virtual void loopStop(uint32_t /*loop*/) {}
    // [control] Own threads are joined when this returns.
    virtual void stop() {}
    // [control] The table of a service that the manifest provides, or nullptr:
    // authTable<YourClass>().
    virtual const void* service(std::string_view /*id*/) { return nullptr; }
    // [control] One short line for the ready line, valid until stop().
    virtual std::string_view statusLine() { return {}; }

    const Host& host() const noexcept { return host_; }
    Hooks& hooks() noexcept { return hooks_; }
    Commands& commands() noexcept { return commands_; }
    Health& health() noexcept { return health_; }
    Log log() const noexcept { return Log(host_); }
    Loop loop() const noexcept { return Loop(host_); }
    Config config() const noexcept { return Config(host_); }
    Metrics metrics() const noexcept { return Metrics(host_); }
    Services services() const noexcept { return Services(host_); }

  protected:
    Plugin() = default;

  private:
    template <class P>
    friend struct detail::Entry;
    Host host_;  // first: everything else points to it
    Hooks hooks_{host_};
    Commands commands_{host_};
    Health health_{host_};
};

// The table of "sara.auth/1" for a plugin P with a member void check(AuthRequest, AuthAnswer),
// called [loop].
template <class P>
const sara_auth* authTable() noexcept {
    static constexpr sara_auth table = {
        sizeof(sara_auth), 0,
        [](void* self, const sara_auth_request* r, sara_done done, void* user) noexcept {
            P* plugin = static_cast<P*>(static_cast<Plugin*>(self));
            (void)detail::guarded(&plugin->host(), "auth check", [&] {
                plugin->check(AuthRequest(*r), AuthAnswer(plugin->host(), done, user));
                return SARA_OK;
            });
        }};
    return &table;
}

namespace detail {

// The C functions of one plugin class. self is always a Plugin*.
template <class P>
struct Entry {
    static Plugin& of(void* self) noexcept { return *static_cast<Plugin*>(self); }

    // Runs one step of the life cycle; its error text goes to set_error(), never into the log as
    // well.
    template <class F>
    static sara_status step(const sara_host* h, F&& f) noexcept {
        const auto tell = [&](std::string_view text) {
            if (!text.empty()) h->set_error(h, str(text));
        };
        try {
            const Result<void> r = f();
            if (!r.ok()) tell(r.text());
            return toAbi(r.status());
        } catch (const std::exception& e) {
            tell(e.what());
        } catch (...) {
            tell("threw something that is no std::exception");
        }
        return SARA_E_PLUGIN;
    }

    static sara_status create(const sara_host* h, void** self) noexcept {
        return step(h, [&]() -> Result<void> {
            Plugin* p = new P();
            p->host_.attach(h);
            *self = p;
            return {};
        });
    }
    static sara_status init(void* self) noexcept {
        Plugin& p = of(self);
        return step(p.host_.raw(), [&] {
            p.host_.resolve();
            return p.init();
        });
    }
    static sara_status loopStart(void* self, uint32_t loop, void** state) noexcept {
        Plugin& p = of(self);
        *state = nullptr;
        return guardedStep(p, "loopStart", [&] { return p.loopStart(loop); });
    }
    static sara_status start(void* self) noexcept {
        Plugin& p = of(self);
        return step(p.host_.raw(), [&] { return p.start(); });
    }
    static void drain(void* self, uint32_t deadline_ms) noexcept {
        Plugin& p = of(self);
        (void)guarded(&p.host_, "drain", [&] {
            p.drain(deadline_ms);
            return SARA_OK;
        });
    }
    static void loopStop(void* self, uint32_t loop, void*) noexcept {
        Plugin& p = of(self);
        (void)guarded(&p.host_, "loopStop", [&] {
            p.loopStop(loop);
            return SARA_OK;
        });
    }
    static void stop(void* self) noexcept {
        Plugin& p = of(self);
        (void)guarded(&p.host_, "stop", [&] {
            p.stop();
            return SARA_OK;
        });
    }
    static void destroy(void* self) noexcept {
        of(self).host_.detach();
        delete &of(self);
    }
    static const void* getService(void* self, const char* id) noexcept {
        Plugin& p = of(self);
        const void* table = nullptr;
        (void)guarded(&p.host_, "service", [&] {
            table = p.service(id);
            return SARA_OK;
        });
        return table;
    }
    static sara_str statusLine(void* self) noexcept {
        Plugin& p = of(self);
        std::string_view line;
        (void)guarded(&p.host_, "statusLine", [&] {
            line = p.statusLine();
            return SARA_OK;
        });
        return str(line);
    }
    // On a loop set_error() is not allowed: the text goes into the log.
    template <class F>
    static sara_status guardedStep(Plugin& p, const char* where, F&& f) noexcept {
        return guarded(&p.host_, where, [&] {
            const Result<void> r = f();
            if (!r.ok()) p.host_.complain(where, std::string(r.text()).c_str());
            return toAbi(r.status());
        });
    }

    static constexpr sara_plugin_desc describe(const char* id, const char* version,
                                               const char* manifest) noexcept {
        return {sizeof(sara_plugin_desc),
                SARA_ABI_MAJOR,
                SARA_ABI_MINOR,
                0,
                0,
                id,
                version,
                manifest,
                &create,
                &init,
                &loopStart,
                &start,
                &drain,
                &loopStop,
                &stop,
                &destroy,
                &getService,
                &statusLine};
    }
};

}  // namespace detail
}  // namespace sara

// Once per plugin, at namespace scope, behind #include "manifest.h": sara_add_plugin(... MANIFEST
// plugin.json) writes that file with SARA_MANIFEST_JSON, SARA_PLUGIN_ID and SARA_PLUGIN_VERSION.
#define SARA_PLUGIN(Class)                                                             \
    SARA_MANIFEST(sara_manifest_text, SARA_MANIFEST_JSON);                             \
    extern "C" const sara_plugin_desc* sara_plugin_entry_v1(uint32_t index) noexcept { \
        static constexpr sara_plugin_desc desc = sara::detail::Entry<Class>::describe( \
            SARA_PLUGIN_ID, SARA_PLUGIN_VERSION, sara_manifest_text);                  \
        return index == 0 ? &desc : nullptr;                                           \
    }
