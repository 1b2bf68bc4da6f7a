// Typed reads of one plugin's section of the configuration, for transports. The schema has checked
// types and ranges before any of this runs; what is missing has the default given here.
#pragma once
#include <cstdint>
#include <string>

#include "sara/abi/config.h"

namespace sara::stream {

// [control]
class Section {
  public:
    Section(const sara_host* host, const sara_config* config) : host_(host), config_(config) {}

    std::string text(const char* key, const char* otherwise) const {
        sara_str v{};
        if (config_->get_str(host_, key, &v) != SARA_OK) return otherwise;
        return {v.ptr, static_cast<size_t>(v.len)};
    }
    int64_t number(const char* key, int64_t otherwise) const {
        int64_t v = otherwise;
        return config_->get_int(host_, key, &v) == SARA_OK ? v : otherwise;
    }
    bool flag(const char* key, bool otherwise) const {
        int32_t v = 0;
        return config_->get_bool(host_, key, &v) == SARA_OK ? v != 0 : otherwise;
    }

  private:
    const sara_host* host_;
    const sara_config* config_;
};

}  // namespace sara::stream
