// The conf file of a server under test. Decides the defaults of the tests: loopback, free ports,
// embedded store in the test's folder, tcp only, quiet log. A test names only what it is about.
#pragma once
#include <map>
#include <string>

namespace sara::wire {

class Conf {
  public:
    // value is JSON text: "8000", "true", "\"fast\"". A name with a dot goes into a section:
    // "limits.connections_max".
    Conf& set(const std::string& name, const std::string& value);
    Conf& setText(const std::string& name, const std::string& text);
    Conf& remove(const std::string& name);
    [[nodiscard]] std::string json() const;

    // The defaults above; folder holds data, pid file and log.
    [[nodiscard]] static Conf inFolder(const std::string& folder);

  private:
    std::map<std::string, std::string> values_;
};

}  // namespace sara::wire
