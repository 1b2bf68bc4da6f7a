// The parameters of emsg_group.reload, and the name of a group in the cache. Numbers count as text;
// whatever else is given counts as nothing.
#pragma once
#include <string>
#include <string_view>

namespace sara::auth_callback {

struct ReloadParams {
    std::string gid, domain;
};

// [any] json: one object.
ReloadParams readReloadParams(std::string_view json);

// [any] A gid may hold any character, a domain no '@': the last one parts them.
std::string groupKey(std::string_view gid, std::string_view domain);

}  // namespace sara::auth_callback
