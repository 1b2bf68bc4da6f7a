#include "boot/plugin_instance.h"

#include <cassert>
#include <cstring>

namespace sara::boot {

namespace {

constexpr size_t kMinorZeroBytes =
    offsetof(sara_plugin_desc, destroy) + sizeof(sara_plugin_desc::destroy);

std::string orNothing(const char* text) { return text != nullptr ? text : ""; }

}  // namespace

const char* statusName(sara_status status) {
    static constexpr const char* kNames[] = {
        "SARA_OK",       "SARA_E_INVALID",  "SARA_E_NOMEM",  "SARA_E_UNSUPPORTED",
        "SARA_E_AGAIN",  "SARA_E_TIMEOUT",  "SARA_E_CLOSED", "SARA_E_STALE",
        "SARA_E_DENIED", "SARA_E_NOTFOUND", "SARA_E_THREAD", "SARA_E_PLUGIN",
        "SARA_E_IO",     "SARA_E_FULL",     "SARA_E_EXISTS", "SARA_E_CORRUPT"};
    const auto index = static_cast<size_t>(status <= 0 ? -static_cast<int64_t>(status) : 99);
    return index < std::size(kNames) ? kNames[index] : "an unknown status";
}

PluginInstance::PluginInstance(PlannedPlugin plan, bus::Bus& bus, loop::LoopSet& loops)
    : plan_(std::move(plan)), bus_(bus), loops_(loops) {}

PluginInstance::~PluginInstance() {
    stop();
    destroy();
}

bool PluginInstance::refuse(const std::string& sentence) {
    error_ = plan_.plugin.title() + sentence;
    return false;
}

bool PluginInstance::fail(const std::string& step, sara_status status) {
    const std::string said = host_ ? host_->takeError() : std::string();
    return refuse(step + " failed (" + std::to_string(status) + ", " + statusName(status) + ")" +
                  (said.empty() ? ": it gave no reason" : ": " + said));
}

bool PluginInstance::load() {
    std::string error;
    library_ = PluginLibrary::load(plan_.plugin.file, &error);
    if (!library_) {
        return refuse("cannot be loaded: " + error +
                      "; link the plugin with everything that it uses (-Wl,-z,defs)");
    }
    desc_ = library_->entry(0);
    const std::string wrong = checkDescriptor();
    if (!wrong.empty()) return refuse(wrong);
    step_ = Step::kLoaded;
    return true;
}

std::string PluginInstance::checkDescriptor() const {
    const std::string rebuild = "; rebuild it with the SARA SDK 1.x";
    if (desc_ == nullptr) return "its entry function gave no descriptor" + rebuild;
    if (desc_->struct_size < kMinorZeroBytes) {
        return "its descriptor has " + std::to_string(desc_->struct_size) +
               " bytes, this server needs " + std::to_string(kMinorZeroBytes) + rebuild;
    }
    if (desc_->abi_major != SARA_ABI_MAJOR) {
        return "ABI mismatch: server speaks major " + std::to_string(SARA_ABI_MAJOR) +
               ", plugin offers major " + std::to_string(desc_->abi_major) + rebuild;
    }
    if (desc_->abi_minor_required > SARA_ABI_MINOR) {
        return "needs SARA ABI " + std::to_string(desc_->abi_major) + "." +
               std::to_string(desc_->abi_minor_required) + ", this server has " +
               std::to_string(SARA_ABI_MAJOR) + "." + std::to_string(SARA_ABI_MINOR) +
               "; upgrade the server";
    }
    if (orNothing(desc_->id) != plan_.plugin.manifest.id) {
        return "its descriptor says id '" + orNothing(desc_->id) + "', its manifest '" +
               plan_.plugin.manifest.id + "'; use the same";
    }
    if (orNothing(desc_->version) != plan_.plugin.manifest.version) {
        return "its descriptor says version '" + orNothing(desc_->version) + "', its manifest '" +
               plan_.plugin.manifest.version + "'; use the same";
    }
    if (desc_->create == nullptr || desc_->destroy == nullptr) {
        return "its descriptor lacks create or destroy" + rebuild;
    }
    return {};
}

bool PluginInstance::initialise() {
    assert(step_ == Step::kLoaded);
    const Manifest& manifest = plan_.plugin.manifest;
    bus::PluginIdentity identity{manifest.id,      manifest.version,  plan_.instance,
                                 manifest.hooks,   manifest.provides, {},
                                 plan_.config_json};
    for (const Manifest::Need& need : manifest.requires_) identity.uses.push_back(need.service);
    host_ = bus_.admit(std::move(identity));

    sara_status status = desc_->create(host_->table(), &self_);
    if (status < 0) return fail("create", status);
    step_ = Step::kCreated;
    host_->enter(bus::PluginPhase::kInit);
    status = desc_->init != nullptr ? desc_->init(self_) : SARA_OK;
    const bool good = status < 0 ? fail("init", status) : provideServices();
    if (!good) {
        destroy();
        return false;
    }
    step_ = Step::kInitialised;
    return true;
}

bool PluginInstance::provideServices() {
    for (const std::string& service : plan_.plugin.manifest.provides) {
        const void* api = nullptr;
        if (SARA_HAS_FN(sara_plugin_desc, desc_, get_service)) {
            api = desc_->get_service(self_, service.c_str());
        }
        if (api == nullptr) {
            return refuse("its manifest provides " + service +
                          ", but get_service() gives no table for it; correct one of them");
        }
        if (!bus_.provide(*host_, service, api, self_)) {
            return refuse("another plugin provides " + service + " already; disable one of them");
        }
    }
    return true;
}

bool PluginInstance::startLoops() {
    assert(step_ == Step::kInitialised);
    host_->enter(bus::PluginPhase::kStarting);
    loop_states_.assign(loops_.size(), {});
    step_ = Step::kLoopsStarted;
    if (desc_->loop_start == nullptr) return true;
    loops_.runOnEach(
        [](void* user, uint32_t loop) {
            auto* const me = static_cast<PluginInstance*>(user);
            LoopState& own = me->loop_states_[loop];
            own.status = me->desc_->loop_start(me->self_, loop, &own.state);
        },
        this);
    for (const LoopState& own : loop_states_) {
        if (own.status < 0) return fail("loop_start", own.status);
    }
    return true;
}

bool PluginInstance::start() {
    assert(step_ == Step::kLoopsStarted);
    const sara_status status = desc_->start != nullptr ? desc_->start(self_) : SARA_OK;
    step_ = Step::kStarted;  // also after a failure: stop() undoes what start() had begun
    if (status < 0) return fail("start", status);
    host_->enter(bus::PluginPhase::kRunning);
    return true;
}

void PluginInstance::drain(uint32_t deadline_ms) {
    if (step_ != Step::kStarted || drained_) return;
    drained_ = true;
    host_->enter(bus::PluginPhase::kDraining);
    if (desc_->drain != nullptr) desc_->drain(self_, deadline_ms);
}

void PluginInstance::stop() {
    if (step_ != Step::kLoopsStarted && step_ != Step::kStarted) return;
    host_->enter(bus::PluginPhase::kStopping);
    if (desc_->loop_stop != nullptr) {
        loops_.runOnEach(
            [](void* user, uint32_t loop) {
                auto* const me = static_cast<PluginInstance*>(user);
                const LoopState& own = me->loop_states_[loop];
                // Without loop_start there is nothing that could have failed.
                if (me->desc_->loop_start == nullptr || own.status >= 0) {
                    me->desc_->loop_stop(me->self_, loop, own.state);
                }
            },
            this);
    }
    if (step_ == Step::kStarted && desc_->stop != nullptr) desc_->stop(self_);
    step_ = Step::kStopped;
}

void PluginInstance::destroy() {
    if (step_ == Step::kGone) return;
    const bool alive = step_ >= Step::kCreated;
    if (host_) {
        bus_.withdraw(*host_);
        host_->removeRegistrations();
    }
    if (alive) desc_->destroy(self_);
    self_ = nullptr;
    if (host_) host_->enter(bus::PluginPhase::kGone);
    host_.reset();
    step_ = Step::kGone;
}

bool PluginInstance::isTransport() const {
    return plan_.plugin.manifest.offers(SARA_SVC_TRANSPORT);
}

std::string PluginInstance::statusLine() const {
    if (step_ != Step::kStarted || !SARA_HAS_FN(sara_plugin_desc, desc_, status_line)) return {};
    const sara_str line = desc_->status_line(self_);
    return line.ptr != nullptr ? std::string(line.ptr, line.len) : std::string();
}

}  // namespace sara::boot
