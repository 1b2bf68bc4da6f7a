// Whatever a backend answers: reading it never crashes, never takes more users than allowed, and
// only one object with one success means yes. The same bytes as a packet and as params of a
// command.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth-callback/answer.h"
#include "auth-callback/reload_params.h"
#include "auth-callback/request_text.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace sara::auth_callback;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    constexpr size_t kUsersMax = 8;
    const Answer answer = readAnswer(text, kUsersMax);
    require(answer.users.size() <= kUsersMax);
    require(answer.kind == Answer::Kind::kJunk || text.find('{') != std::string_view::npos);
    if (answer.kind == Answer::Kind::kJunk) require(answer.users.empty());
    (void)readReloadParams(text);

    // What is made of a packet is one object again when the packet was one, and it survives being
    // read; the form holds nothing that would need another encoding.
    if (const auto body = offlineBody("s", text, size % 3)) {
        for (const char c : formOf(*body)) {
            require(c > ' ' && c < 0x7f && c != '<' && c != '"');
        }
    }
    std::string quoted;
    appendJsonText(text, &quoted);
    const std::string wrapped = R"({"success":true,"entity":{"users":[)" + quoted + "]}}";
    const Answer echoed = readAnswer(wrapped, kUsersMax);
    require(echoed.kind == Answer::Kind::kYes && echoed.users.size() == 1);
    return 0;
}
