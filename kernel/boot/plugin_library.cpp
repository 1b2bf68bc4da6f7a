#include "boot/plugin_library.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>

namespace sara::boot {

namespace {

class BoostLibrary final : public PluginLibrary {
  public:
    bool load(const std::filesystem::path& file, std::string* error) {
        namespace dll = boost::dll;
        // NODELETE is not in Boost's enum, but load() hands unknown bits on. Without rtld_now Boost
        // adds RTLD_LAZY, and a missing symbol kills the process at its first call instead of
        // failing here.
        const auto mode = static_cast<dll::load_mode::type>(
            dll::load_mode::rtld_now | dll::load_mode::rtld_local | RTLD_NODELETE);
        std::error_code code;
        ::dlerror();
        library_.load(file, code, mode);
        if (code) {
            // The code is always "Bad file descriptor"; the reason is in dlerror().
            const char* const reason = ::dlerror();
            *error = reason != nullptr ? reason : code.message();
            return false;
        }
        if (!library_.has(SARA_ENTRY_SYMBOL)) {
            *error = "no symbol " SARA_ENTRY_SYMBOL;
            return false;
        }
        entry_ = &library_.get<const sara_plugin_desc*(uint32_t)>(SARA_ENTRY_SYMBOL);
        return true;
    }
    const sara_plugin_desc* entry(uint32_t index) const override { return entry_(index); }

  private:
    boost::dll::shared_library library_;
    const sara_plugin_desc* (*entry_)(uint32_t) = nullptr;
};

}  // namespace

std::unique_ptr<PluginLibrary> PluginLibrary::load(const std::filesystem::path& absolute,
                                                   std::string* error) {
    auto library = std::make_unique<BoostLibrary>();
    if (!library->load(absolute, error)) return nullptr;
    return library;
}

}  // namespace sara::boot
