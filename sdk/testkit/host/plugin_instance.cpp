#include "testkit/host/plugin_instance.h"

#include <dlfcn.h>

namespace sara::testkit {

const sara_plugin_desc* loadPlugin(const std::string& path, std::string* error) {
    void* object = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (object == nullptr) {
        *error = ::dlerror();
        return nullptr;
    }
    const auto entry = reinterpret_cast<sara_plugin_entry_fn>(::dlsym(object, SARA_ENTRY_SYMBOL));
    if (entry == nullptr) {
        *error = path + " has no " + SARA_ENTRY_SYMBOL;
        return nullptr;
    }
    return entry(0);
}

sara_status PluginInstance::start() {
    sara_status status = desc_->create(host_.table(), &self_);
    if (status < 0) return status;
    step_ = Step::kCreated;
    if (desc_->init != nullptr) status = desc_->init(self_);
    if (status < 0) {
        stop();
        return status;
    }
    step_ = Step::kInitialised;
    for (uint32_t i = 0; i < host_.loopCount() && status >= 0; ++i) {
        if (desc_->loop_start == nullptr) break;
        void* state = nullptr;
        host_.loop(i).run([&] { status = desc_->loop_start(self_, i, &state); });
        if (status >= 0) loop_states_.push_back(state);
    }
    if (status >= 0 && desc_->start != nullptr) status = desc_->start(self_);
    if (status < 0) {
        stop();
        return status;
    }
    step_ = Step::kStarted;
    return SARA_OK;
}

void PluginInstance::stopLoops() {
    for (uint32_t i = 0; i < loop_states_.size(); ++i) {
        if (desc_->loop_stop == nullptr) break;
        host_.loop(i).run([&] { desc_->loop_stop(self_, i, loop_states_[i]); });
    }
    loop_states_.clear();
}

void PluginInstance::stop(uint32_t deadline_ms) {
    if (step_ == Step::kNone) return;
    if (step_ == Step::kStarted) {
        if (desc_->drain != nullptr) desc_->drain(self_, deadline_ms);
        host_.turn();
    }
    stopLoops();
    if (step_ != Step::kCreated && desc_->stop != nullptr) desc_->stop(self_);
    host_.turn();  // what was posted before the loops stopped
    desc_->destroy(self_);
    self_ = nullptr;
    step_ = Step::kNone;
}

const void* PluginInstance::findService(const char* id) const {
    if (self_ == nullptr || desc_->get_service == nullptr) return nullptr;
    return desc_->get_service(self_, id);
}

std::string PluginInstance::statusLine() const {
    if (step_ != Step::kStarted || !SARA_HAS_FN(sara_plugin_desc, desc_, status_line)) return {};
    return std::string(toView(desc_->status_line(self_)));
}

}  // namespace sara::testkit
