import "../lib/page";
