// Reads user agents from standard input, one a line, and says how straykey reads each: tool, kind, platform, exec-env
// and command, parted by tabs.
#include <iostream>
#include <string>

#include "core/event/user_agent.h"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const straykey::UserAgent agent = straykey::classify_user_agent(line);
    std::cout << agent.tool << '\t' << straykey::name_of(agent.kind) << '\t' << straykey::name_of(agent.platform)
              << '\t' << agent.exec_env << '\t' << agent.command << '\n';
  }
}
