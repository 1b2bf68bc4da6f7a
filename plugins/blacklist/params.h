// Params of emsg_black_list as the clients send them: from, to, pwd. Decides what is refused, and
// that strangers cannot make a loop read long texts.
#pragma once
#include <sara/result.hpp>
#include <string>
#include <string_view>

namespace sara::blacklist {

struct Params {
    static constexpr size_t kBytesMax = 4096;  // docs/limits.md: blacklist_params_bytes_max

    std::string owner;     // bare jid of "to": whose list it is
    std::string to;        // "to" as it was given
    std::string blocked;   // bare jid of "from"; empty unless wanted
    std::string password;  // never log it

    // [any] json is one JSON object. The error's text is a word for the caller.
    static Result<Params> read(std::string_view json, bool wants_from);
};

}  // namespace sara::blacklist
