#include "rpc_answer.h"

namespace sara::rpc_http {

void appendQuoted(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else if (text.compare(i, 3, "\xE2\x80\xA8") == 0 ||
                   text.compare(i, 3, "\xE2\x80\xA9") == 0) {
            // Line separators: JSON, but no JavaScript.
            out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += c;
        }
    }
    out += '"';
}

std::string rpcAnswer(const std::optional<std::string>& sn, bool success, std::string_view entity) {
    std::string out = "{";
    if (sn) {
        out += "\"sn\":";
        appendQuoted(out, *sn);
        out += ',';
    }
    out += success ? "\"success\":true" : "\"success\":false";
    if (!entity.empty()) out.append(",\"entity\":").append(entity);
    out += '}';
    return out;
}

std::string rpcError(std::string_view code, std::string_view reason) {
    std::string entity = "{\"errCode\":";
    appendQuoted(entity, code);
    entity += ",\"reason\":";
    appendQuoted(entity, reason);
    entity += '}';
    return rpcAnswer(std::nullopt, false, entity);
}

}  // namespace sara::rpc_http
