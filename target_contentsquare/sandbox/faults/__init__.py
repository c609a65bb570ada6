"""What goes wrong by order: failed answers, cut connections and delays."""
