// sara/config.hpp - the plugin's own section of the conf file, already validated against its
// manifest and with defaults filled in. Read it in init(); the texts live as long as the plugin.
#pragma once
#include <cstdint>
#include <sara/host.hpp>
#include <string_view>

namespace sara {

class Config {
  public:
    explicit Config(const Host& host) noexcept : host_(&host) {}

    // [control] kNotFound: neither given nor defaulted. kInvalid: the manifest says another type.
    Result<std::string_view> text(const char* key) const {
        sara_str out{};
        const Status st =
            ask([&](const sara_config& c) { return c.get_str(host_->raw(), key, &out); });
        if (st != Status::kOk) return Error{st, complaint(key)};
        return view(out);
    }
    // [control] As text().
    Result<int64_t> integer(const char* key) const {
        int64_t out = 0;
        const Status st =
            ask([&](const sara_config& c) { return c.get_int(host_->raw(), key, &out); });
        if (st != Status::kOk) return Error{st, complaint(key)};
        return out;
    }
    // [control] As text().
    Result<bool> flag(const char* key) const {
        int32_t out = 0;
        const Status st =
            ask([&](const sara_config& c) { return c.get_bool(host_->raw(), key, &out); });
        if (st != Status::kOk) return Error{st, complaint(key)};
        return out != 0;
    }
    // [control] The whole section as JSON text, for arrays and objects.
    Result<std::string_view> json() const {
        sara_str out{};
        const Status st = ask([&](const sara_config& c) { return c.get_json(host_->raw(), &out); });
        if (st != Status::kOk) return Error{st, complaint("(section)")};
        return view(out);
    }

    // [control] The same with a value for a key that is not there.
    std::string_view text(const char* key, std::string_view fallback) const {
        return text(key).valueOr(fallback);
    }
    int64_t integer(const char* key, int64_t fallback) const {
        return integer(key).valueOr(fallback);
    }
    bool flag(const char* key, bool fallback) const { return flag(key).valueOr(fallback); }

  private:
    template <class F>
    Status ask(F&& f) const noexcept {
        return host_->config == nullptr ? Status::kUnsupported : toStatus(f(*host_->config));
    }
    static std::string complaint(const char* key) {
        return std::string("config key ") + key + " is not there or has another type";
    }

    const Host* host_;
};

}  // namespace sara
