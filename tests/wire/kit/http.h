// HTTP as the tests speak it: exactly the bytes that they say, and the answer taken apart. Decides
// nothing but where an answer ends; refuses to add a header by itself, except in the short forms.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "kit/deadline.h"

namespace sara::wire {

struct HttpAnswer {
    int status = 0;                                   // 0: the connection ended without an answer
    std::multimap<std::string, std::string> headers;  // names in lower case
    std::string body;

    // All values of a header, joined by "|"; "" when there is none.
    [[nodiscard]] std::string header(const std::string& name) const;
};

// One connection.
class HttpClient {
  public:
    // Throws std::runtime_error.
    explicit HttpClient(uint16_t port);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // False: the server has closed.
    bool send(std::string_view bytes) const;
    // The next answer. without_body: to a HEAD request.
    [[nodiscard]] HttpAnswer answer(Millis wait = kPatience, bool without_body = false);
    // True when the server closed before the deadline.
    [[nodiscard]] bool closed(Millis wait = kPatience);

  private:
    bool fill(const Deadline& deadline);

    int fd_ = -1;
    std::string buffer_;
};

// "name=value" with everything percent-encoded that may not stand in a form.
[[nodiscard]] std::string formEncoded(const std::string& name, const std::string& value);

// Short forms, each on a connection of its own. headers: complete lines with CRLF.
[[nodiscard]] HttpAnswer httpGet(uint16_t port, const std::string& target,
                                 const std::string& headers = "");
[[nodiscard]] HttpAnswer httpSend(uint16_t port, const std::string& method,
                                  const std::string& target, const std::string& headers,
                                  const std::string& body);
// POST /api/ with the form field body, percent-encoded.
[[nodiscard]] HttpAnswer httpRpc(uint16_t port, const std::string& json);

}  // namespace sara::wire
