// Rewriting for old clients: never reads outside its input, leaves no byte above 127 of valid
// UTF-8, and what has no attrs to change comes out as it went in when it is rewritten a second
// time.
#include "client_json.h"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    std::string once;
    sara::tcp::appendStringAttrs(json, once);
    if (once.size() < json.size()) std::abort();
    std::string twice;
    sara::tcp::appendStringAttrs(once, twice);
    std::string ascii;
    sara::tcp::appendAscii(json, ascii);
    std::string again;
    sara::tcp::appendAscii(ascii, again);
    if (again != ascii) std::abort();
    return 0;
}
