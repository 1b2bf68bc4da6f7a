// Rewrites outgoing JSON for clients of 2014 that cannot read all of it. Off by default, so not on
// the hot path. Input is valid JSON (the kernel has checked it); what is not is copied as it is.
#pragma once
#include <string>
#include <string_view>

namespace sara::tcp {

// Appends json to out with every non-ASCII character as \uXXXX (pairs above U+FFFF).
void appendAscii(std::string_view json, std::string& out);
// Appends json to out with every value of payload.attrs that is not a string as a string that holds
// its JSON text; in the packet itself and in the packets of its delay list.
void appendStringAttrs(std::string_view json, std::string& out);

}  // namespace sara::tcp
