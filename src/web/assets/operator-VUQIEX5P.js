import"./part-SG6Z3FEA.js";
