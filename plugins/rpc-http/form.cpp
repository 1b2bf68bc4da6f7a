#include "form.h"

#include <strings.h>

namespace sara::rpc_http {
namespace {

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 1 < text.size() ? hexValue(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> formField(std::string_view form, std::string_view name) {
    while (!form.empty()) {
        const size_t end = form.find('&');
        const std::string_view pair = form.substr(0, end);
        form = end == std::string_view::npos ? std::string_view() : form.substr(end + 1);
        const size_t equals = pair.find('=');
        const auto key = decoded(pair.substr(0, equals));
        if (!key || *key != name) continue;
        auto value = decoded(equals == std::string_view::npos ? std::string_view()
                                                              : pair.substr(equals + 1));
        if (value) return value;
    }
    return std::nullopt;
}

bool isForm(std::string_view content_type) {
    constexpr std::string_view kForm = "application/x-www-form-urlencoded";
    std::string_view kind = content_type.substr(0, content_type.find(';'));
    while (!kind.empty() && (kind.back() == ' ' || kind.back() == '\t')) kind.remove_suffix(1);
    while (!kind.empty() && (kind.front() == ' ' || kind.front() == '\t')) kind.remove_prefix(1);
    return kind.size() == kForm.size() && strncasecmp(kind.data(), kForm.data(), kForm.size()) == 0;
}

}  // namespace sara::rpc_http
